//! Checks answers against a JSON schema: that of `bwusage-ctl schema`, and the document of bwusage-web's API.
//!
//! Knows exactly the keywords that the schema uses and panics on any other, so none is silently ignored. Stricter than
//! a validator: a name that the schema does not describe is an error, because users would not know what it means.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// The schema of one kind of answer.
pub(crate) struct Schema {
    /// What references lead into.
    document: Value,
    start: Value,
}

impl Schema {
    /// The schema `start`, whose references lead into `document`.
    pub(crate) fn new(document: Value, start: Value) -> Self {
        Self { document, start }
    }

    /// Panics with everything that is wrong with `answer`.
    pub(crate) fn check(&self, answer: &Value) {
        if let Err(errors) = self.errors(answer) {
            panic!("{}\n{answer}", errors.join("\n"));
        }
    }

    /// Everything that is wrong with `answer`.
    pub(crate) fn errors(&self, answer: &Value) -> Result<(), Vec<String>> {
        self.whole(&self.start, answer, "$")
    }

    /// The names in `value` that `schema` describes.
    fn validate(&self, schema: &Value, value: &Value, at: &str) -> Result<BTreeSet<String>, Vec<String>> {
        let mut named = BTreeSet::new();
        let mut errors = Vec::new();
        for (keyword, wanted) in schema.as_object().expect("a schema is an object") {
            let outcome = match keyword.as_str() {
                "$schema" | "$defs" | "title" | "description" | "properties" => Ok(BTreeSet::new()),
                "$ref" => self.validate(self.definition(wanted), value, at),
                "allOf" => self.all_of(wanted, value, at),
                "anyOf" => self.any_of(wanted, value, at),
                "items" => self.items(wanted, value, at),
                keyword => constraint(keyword, wanted, value)
                    .then(BTreeSet::new)
                    .ok_or_else(|| vec![format!("{at}: {value} is not {keyword} {wanted}")]),
            };
            match outcome {
                Ok(more) => named.extend(more),
                Err(found) => errors.extend(found),
            }
        }
        if let (Some(Value::Object(properties)), Value::Object(object)) = (schema.get("properties"), value) {
            match self.properties(properties, object, at) {
                Ok(more) => named.extend(more),
                Err(found) => errors.extend(found),
            }
        }
        if errors.is_empty() { Ok(named) } else { Err(errors) }
    }

    fn definition(&self, reference: &Value) -> &Value {
        let pointer =
            reference.as_str().and_then(|reference| reference.strip_prefix('#')).expect("a local reference");
        self.document.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }

    fn properties(
        &self,
        properties: &Map<String, Value>,
        object: &Map<String, Value>,
        at: &str,
    ) -> Result<BTreeSet<String>, Vec<String>> {
        let mut errors = Vec::new();
        let mut named = BTreeSet::new();
        for (name, schema) in properties {
            if let Some(value) = object.get(name) {
                named.insert(name.clone());
                errors.extend(self.whole(schema, value, &format!("{at}.{name}")).err().unwrap_or_default());
            }
        }
        if errors.is_empty() { Ok(named) } else { Err(errors) }
    }

    /// As [`Schema::validate`], and every name must be described.
    fn whole(&self, schema: &Value, value: &Value, at: &str) -> Result<(), Vec<String>> {
        let named = self.validate(schema, value, at)?;
        let unnamed = value.as_object().into_iter().flat_map(Map::keys).filter(|name| !named.contains(*name));
        let errors: Vec<String> = unnamed.map(|name| format!("{at}.{name} is not described")).collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn items(&self, schema: &Value, value: &Value, at: &str) -> Result<BTreeSet<String>, Vec<String>> {
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            self.whole(schema, item, &format!("{at}[{index}]"))?;
        }
        Ok(BTreeSet::new())
    }

    fn all_of(&self, parts: &Value, value: &Value, at: &str) -> Result<BTreeSet<String>, Vec<String>> {
        let mut named = BTreeSet::new();
        for part in parts.as_array().expect("a list") {
            named.extend(self.validate(part, value, at)?);
        }
        Ok(named)
    }

    fn any_of(&self, parts: &Value, value: &Value, at: &str) -> Result<BTreeSet<String>, Vec<String>> {
        let mut errors = Vec::new();
        for part in parts.as_array().expect("a list") {
            match self.validate(part, value, at) {
                Ok(named) => return Ok(named),
                Err(found) => errors.extend(found),
            }
        }
        Err(errors)
    }
}

fn constraint(keyword: &str, wanted: &Value, value: &Value) -> bool {
    match keyword {
        "const" => value == wanted,
        "enum" => wanted.as_array().is_some_and(|allowed| allowed.contains(value)),
        "minimum" => value.as_f64().is_none_or(|number| number >= wanted.as_f64().expect("a number")),
        "required" => {
            let mut names = wanted.as_array().into_iter().flatten().filter_map(Value::as_str);
            value.as_object().is_none_or(|object| names.all(|name| object.contains_key(name)))
        }
        "format" => value.as_str().is_none_or(is_moment),
        "type" => match wanted {
            Value::Array(kinds) => kinds.iter().any(|kind| is_of(kind, value)),
            kind => is_of(kind, value),
        },
        other => panic!("the checker does not know {other}"),
    }
}

fn is_of(kind: &Value, value: &Value) -> bool {
    match kind.as_str().expect("the name of a type") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        other => panic!("there is no type {other}"),
    }
}

/// `2026-11-21T20:00:00.123Z`
fn is_moment(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "0000-00-00T00:00:00.000Z"
}
