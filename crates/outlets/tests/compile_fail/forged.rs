//! Nobody but the released store makes something released.

fn answer(row: released::Row) -> released::Released<released::Row> {
    released::Released { inner: row }
}

fn main() {
    let _ = answer;
}
