//! A broken element costs itself alone, and lines are counted.

use super::*;

const ANY: Kin = Kin { next: Next::Tree(|value| value.get("v").is_some()), alien: |_| false, ends: &["\"end\""] };

fn read(text: &str) -> (Vec<String>, usize, bool) {
    let doc = Doc::new(text.as_bytes(), 1);
    let (mut got, mut faults) = (Vec::new(), 0);
    let walk = doc.trees(0, &ANY, &mut |_, _, one| match one {
        Ok(value) => got.push(value.str("v").unwrap_or("?").to_owned()),
        Err(_) => faults += 1,
    });
    (got, faults, walk.is_ok())
}

#[test]
fn a_broken_element_costs_itself_alone() {
    let whole = r#"[{"v":"a","t":[{"n":"x"}]},{"v":"b","t":[{"n":"y"}]},{"v":"c","t":[{"n":"z"}]}]"#;
    assert_eq!(read(whole), (vec!["a".into(), "b".into(), "c".into()], 0, true));
    let second = whole.find("{\"v\":\"b\"").unwrap();
    let third = whole.find("{\"v\":\"c\"").unwrap();
    for at in second..third - 1 {
        for with in ["", "\"", "{", "}", "[", "]", ",", "\\", "\n", "x"] {
            let mut text = whole.to_owned();
            text.replace_range(at..=at, with);
            let (got, _, _) = read(&text);
            assert!(got.first().is_some_and(|v| v == "a") && got.last().is_some_and(|v| v == "c"), "{text} {got:?}");
        }
    }
}

#[test]
fn a_broken_element_never_leads_into_another_array() {
    let (got, faults, whole) = read(r#"[{"v":"a"},{"v":"b,"x":1}],"end":[{"v":"c"}]}"#);
    assert_eq!((got, faults, whole), (vec!["a".to_owned()], 1, false));
    let (got, faults, whole) = read(r#"[{"v":"a"},{"v":"b"],"end":[{"v":"c"}]}"#);
    assert_eq!((got, faults, whole), (vec!["a".to_owned()], 1, false));
}

#[test]
fn lines_are_counted() {
    let text = format!("{}{{\"a\":\n1,\n\"b\": {{\"c\":\n2}}}}", "\n".repeat(5000));
    let doc = Doc::new(text.as_bytes(), 3);
    assert_eq!(doc.line_at(0), NonZeroU32::new(3));
    assert_eq!(doc.line_of(5000, &["b", "c"]), NonZeroU32::new(5006));
    assert_eq!(doc.line_of(5000, &["b", "d"]), NonZeroU32::new(5005));
}
