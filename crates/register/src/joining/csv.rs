//! Reads CSV (RFC 4180) strictly, and says of each field in which line and column it begins.

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) text: String,
    /// Line, from one.
    pub(crate) line: u32,
    /// Column in characters, from one.
    pub(crate) column: u32,
}

/// What is wrong at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: u32,
    pub(crate) column: u32,
    pub(crate) why: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Start,
    Plain,
    Quoted,
    AfterQuote,
}

/// The records of a text; blank lines are none. A record with a fault ends there, and the rest of its line is passed by.
pub(crate) fn records(text: &str) -> (Vec<Vec<Field>>, Vec<Fault>) {
    let (mut records, mut faults) = (Vec::new(), Vec::new());
    let mut record: Vec<Field> = Vec::new();
    let (mut line, mut column) = (1_u32, 0_u32);
    let fresh = |line, column: u32| Field { text: String::new(), line, column: column.saturating_add(1) };
    let mut field = fresh(line, column);
    let mut at = At::Start;
    let mut skip = false;
    let mut chars = text.chars().peekable();
    loop {
        let next = chars.next();
        let ends = match next {
            None => true,
            Some('\r') => chars.peek() == Some(&'\n') && at != At::Quoted,
            Some('\n') => at != At::Quoted,
            _ => false,
        };
        if ends || (skip && next == Some('\n')) {
            if next == Some('\r') {
                chars.next();
            }
            if next.is_none() && at == At::Quoted && !skip {
                faults.push(Fault { line: field.line, column: field.column, why: "the quotation mark is not closed" });
                skip = true;
            }
            let blank = record.is_empty() && field.text.trim().is_empty() && at != At::AfterQuote;
            let done = std::mem::replace(&mut field, fresh(line.saturating_add(1), 0));
            if !skip && !blank {
                record.push(done);
                records.push(std::mem::take(&mut record));
            }
            record.clear();
            (line, column, at, skip) = (line.saturating_add(1), 0, At::Start, false);
            if next.is_none() {
                return (records, faults);
            }
            continue;
        }
        let Some(c) = next else { continue };
        column = column.saturating_add(1);
        if skip {
            continue;
        }
        let mut fault = |why| {
            faults.push(Fault { line, column, why });
            skip = true;
        };
        match (at, c) {
            (At::Start, '"') => at = At::Quoted,
            (At::Start | At::Plain | At::AfterQuote, ',') => {
                record.push(std::mem::replace(&mut field, fresh(line, column)));
                at = At::Start;
            }
            (At::Plain, '"') => fault("a quotation mark stands inside a field that does not begin with one"),
            (At::Start | At::Plain, '\r') => fault("a carriage return stands alone"),
            (At::Start | At::Plain, c) => {
                field.text.push(c);
                at = At::Plain;
            }
            (At::Quoted, '"') if chars.peek() == Some(&'"') => {
                chars.next();
                column = column.saturating_add(1);
                field.text.push('"');
            }
            (At::Quoted, '"') => at = At::AfterQuote,
            (At::Quoted, c) => {
                field.text.push(c);
                if c == '\n' {
                    (line, column) = (line.saturating_add(1), 0);
                }
            }
            (At::AfterQuote, _) => fault("something stands between a closing quotation mark and the comma"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<Vec<String>> {
        let (records, faults) = records(text);
        assert_eq!(faults, []);
        records.into_iter().map(|record| record.into_iter().map(|field| field.text).collect()).collect()
    }

    #[test]
    fn records_and_fields() {
        assert_eq!(texts("a,b\r\nc,\n\n\"d,\"\"e\nf\",g"), [vec!["a", "b"], vec!["c", ""], vec!["d,\"e\nf", "g"]]);
        assert!(texts("").is_empty());
        assert_eq!(texts("\"\"\n"), [[""]]);
    }

    #[test]
    fn places_and_faults() {
        let (found, _) = records("a,é,c\nx,\"y\nz\",w\n");
        let at: Vec<_> = found.iter().flatten().map(|field| (field.line, field.column)).collect();
        assert_eq!(at, [(1, 1), (1, 3), (1, 5), (2, 1), (2, 3), (3, 4)]);
        for (text, line, column) in
            [("a\nb\"c,d\ne", 2, 2), ("a\n\"b\"c\n", 2, 4), ("x\n\"open\n", 2, 1), ("a\rb", 1, 2)]
        {
            let (_, faults) = records(text);
            assert_eq!((faults.len(), faults[0].line, faults[0].column), (1, line, column), "{text:?}");
        }
        let (found, faults) = records("a\nb\"c,d\ne\n");
        assert_eq!((found.len(), faults.len()), (2, 1));
    }
}
