//! A member's report, as the vault holds it, is no answer.

fn answer(entry: vault::ReportEntry) -> Option<String> {
    outlets::render(entry).ok().map(|text| text.get().to_owned())
}

fn main() {
    let _ = answer;
}
