//! What the released store gives goes into an answer: the cases beside this one fail for the right reason.

fn answer(row: released::Released<released::Row>) -> Option<String> {
    outlets::render(row).ok().map(|text| text.get().to_owned())
}

fn main() {
    let _ = answer;
}
