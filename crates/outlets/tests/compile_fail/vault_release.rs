//! Not even the gate's own release entry is an answer before the released store has it.

fn answer(object: policy::ReleasedObject) -> Option<String> {
    outlets::render(object).ok().map(|text| text.get().to_owned())
}

fn main() {
    let _ = answer;
}
