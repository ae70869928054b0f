//! What the page without scripts was asked for: the parameters of `/api/v1/top`, and how often it comes anew.

use form_urlencoded::Serializer;
use serde::Deserialize;

use crate::question::{Parameters, Question};

/// Seconds after which the page can come anew by itself.
pub(super) const REFRESH_S: [u32; 5] = [2, 5, 10, 30, 60];

/// The parameters as they came, each optional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// That it is this page.
    #[serde(rename = "plain")]
    _plain: Option<String>,
    pub(super) by: Option<String>,
    pub(super) sort: Option<String>,
    pub(super) filter: Option<String>,
    pub(super) category: Option<String>,
    pub(super) limit: Option<String>,
    pub(super) all: Option<String>,
    refresh: Option<String>,
}

impl Wanted {
    /// Whether `query`, that of a request, asks for this page.
    pub(crate) fn is_in(query: &str) -> bool {
        form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "plain")
    }

    /// The table that is asked for, or in a sentence what is wrong.
    pub(crate) fn question(&self) -> Result<Question, String> {
        self.refresh_s()?;
        let Self { by, sort, filter, category, limit, all, .. } = self.clone();
        Question::new(&Parameters { by, sort, filter, category, limit, all, ..Parameters::default() })
    }

    /// Seconds after which the page is to come anew by itself; `None` never.
    pub(super) fn refresh_s(&self) -> Result<Option<u32>, String> {
        let Some(text) = self.refresh.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
        let known = REFRESH_S.into_iter().find(|seconds| seconds.to_string() == text);
        known.map(Some).ok_or_else(|| {
            let known = REFRESH_S.map(|seconds| seconds.to_string()).join(", ");
            format!("refresh={text:?} is none of {known}")
        })
    }

    /// The query string of this page with one parameter changed.
    pub(super) fn with(&self, name: &str, value: &str) -> String {
        let mut query = Serializer::new("plain=1".to_owned());
        let mut given = self.given(&["by", "sort", "filter", "category", "limit", "all", "refresh"]);
        given.retain(|(known, _)| *known != name);
        query.extend_pairs(given).append_pair(name, value).finish()
    }

    /// The query string of the same rows in the API, all of them.
    pub(super) fn of_api(&self) -> String {
        let given = self.given(&["by", "sort", "filter", "category", "all"]);
        Serializer::new(String::new()).extend_pairs(given).finish()
    }

    /// Those of `names` that say anything: `all` does without a value, too.
    fn given(&self, names: &[&'static str]) -> Vec<(&'static str, &str)> {
        let value = |name| match name {
            "by" => &self.by,
            "sort" => &self.sort,
            "filter" => &self.filter,
            "category" => &self.category,
            "limit" => &self.limit,
            "all" => &self.all,
            _ => &self.refresh,
        };
        let given = names.iter().filter_map(|&name| Some((name, value(name).as_deref()?)));
        given.filter(|(name, value)| *name == "all" || !value.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(json: serde_json::Value) -> Wanted {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn only_a_query_that_names_it_asks_for_this_page() {
        for query in ["plain=1", "plain", "by=pid&plain=", "%70lain=1"] {
            assert!(Wanted::is_in(query), "{query}");
        }
        for query in ["", "plainer=1", "filter=plain", "filter=%26plain%3D1"] {
            assert!(!Wanted::is_in(query), "{query}");
        }
    }

    #[test]
    fn a_link_changes_one_thing_and_keeps_the_rest_however_it_is_written() {
        let wanted = wanted(serde_json::json!({
            "plain": "", "filter": "a&b=\"c\" \u{202e}", "sort": "rx", "refresh": "5", "category": ""
        }));
        let link = wanted.with("sort", "-rx");
        assert_eq!(link, "plain=1&filter=a%26b%3D%22c%22+%E2%80%AE&refresh=5&sort=-rx");
        assert_eq!(wanted.of_api(), "sort=rx&filter=a%26b%3D%22c%22+%E2%80%AE");
    }

    #[test]
    fn the_page_comes_anew_as_often_as_there_is_a_choice_of_and_no_oftener() {
        assert_eq!(wanted(serde_json::json!({})).refresh_s(), Ok(None));
        assert_eq!(wanted(serde_json::json!({"refresh": ""})).refresh_s(), Ok(None));
        assert_eq!(wanted(serde_json::json!({"refresh": "10"})).refresh_s(), Ok(Some(10)));
        for nonsense in ["0", "1", "05", "5;url=//evil.example", "-5"] {
            let said = wanted(serde_json::json!({ "refresh": nonsense })).question().unwrap_err();
            assert!(said.contains("none of 2, 5, 10, 30, 60"), "{said}");
        }
    }
}
