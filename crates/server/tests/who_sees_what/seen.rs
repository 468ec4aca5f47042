//! Who asks, and what one answer says.

use serde_json::Value;
use server::Face;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Stranger,
    Other,
    OtherKey,
    /// Of a member that is in the sharing group with those who report.
    Circle,
    Reporter,
    Analyst,
    Lead,
    Secondee,
    Operator,
}

impl Role {
    pub const ALL: [Self; 9] = [
        Self::Stranger,
        Self::Other,
        Self::OtherKey,
        Self::Circle,
        Self::Reporter,
        Self::Analyst,
        Self::Lead,
        Self::Secondee,
        Self::Operator,
    ];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Stranger => "stranger",
            Self::Other => "person of another member",
            Self::OtherKey => "machine of another member",
            Self::Circle => "person of the group",
            Self::Reporter => "person of the reporter",
            Self::Analyst => "analyst",
            Self::Lead => "lead",
            Self::Secondee => "secondee of that sector",
            Self::Operator => "operator",
        }
    }

    /// The listeners that a role asks.
    pub const fn faces(self) -> &'static [Face] {
        match self {
            Self::Stranger => &[Face::Member, Face::Cell],
            Self::Other | Self::OtherKey | Self::Circle | Self::Reporter => &[Face::Member],
            Self::Analyst | Self::Lead | Self::Secondee | Self::Operator => &[Face::Cell],
        }
    }
}

/// One answer: of which request, and what it says without what it only repeats from the question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub route: String,
    pub text: String,
    pub json: Vec<Value>,
}

impl Seen {
    pub fn of(route: &str, head: &str, body: &str) -> Self {
        let parsed = |text: &str| {
            let mut value: Value = serde_json::from_str(text).ok().filter(|value: &Value| !value.is_number())?;
            without_echo(&mut value);
            Some(value)
        };
        let (json, text) = match parsed(body) {
            Some(value) => (vec![value.clone()], value.to_string()),
            // Lines of JSON: the export of a journal, the events of a stream.
            None => (
                body.lines().filter_map(|line| parsed(line.strip_prefix("data: ").unwrap_or(line))).collect(),
                body.to_owned(),
            ),
        };
        Self { route: route.to_owned(), text: format!("{head}\n{text}"), json }
    }
}

/// Takes out the fields in which a look-up repeats its question, and what stood before anything was reported.
pub fn without_echo(value: &mut Value) {
    if let Some(fields) = value.as_object_mut()
        && fields.contains_key("verdict")
    {
        fields.retain(|name, _| !["query", "normal"].contains(&name.as_str()));
    }
    without_standing(value);
}

/// Takes out who is in a sharing group and how many, which its members know whatever is reported, and how many items it has.
fn without_standing(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            if fields.contains_key("who_may_add") || fields.contains_key("group") {
                fields.retain(|name, _| name != "members");
            }
            if fields.contains_key("who_may_add") {
                fields.remove("items");
            }
            fields.values_mut().for_each(without_standing);
        }
        Value::Array(items) => items.iter_mut().for_each(without_standing),
        _ => {}
    }
}

/// Calls `see` with every field of every object, and the path to it.
pub fn each_field(value: &Value, path: &str, see: &mut impl FnMut(&str, &str, &Value)) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                see(&path, name, value);
                each_field(value, &path, see);
            }
        }
        Value::Array(items) => {
            for item in items {
                see(path, "", item);
                each_field(item, path, see);
            }
        }
        _ => {}
    }
}
