//! A process table that somebody asked for: the query string of `/api/v1/top` and `/api/v1/stream`.

use bwusage_proto::{
    filter::Filter,
    mirror::Mirror,
    process::Category,
    report::TopReport,
    table::{self, Grouping, Order, Query, Table},
    users::Users,
};
use serde::Deserialize;

use crate::events;

/// Rows that a page gets when it does not say how many.
pub(crate) const DEFAULT_LIMIT: usize = 200;
/// A longer filter is no filter that a person typed.
const MAX_FILTER_CHARS: usize = 500;

/// The parameters as they came, each optional.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameters {
    pub(crate) by: Option<String>,
    pub(crate) sort: Option<String>,
    pub(crate) filter: Option<String>,
    pub(crate) category: Option<String>,
    pub(crate) limit: Option<String>,
    pub(crate) all: Option<String>,
    /// Of the stream only: the time up to which the page already has the rolling window.
    pub(crate) since: Option<u64>,
    /// Of the stream only: milliseconds between two ticks that the page is told.
    pub(crate) interval_ms: Option<u32>,
}

/// The parameters, understood.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    by: Grouping,
    order: Order,
    filter: Option<Filter>,
    category: Option<Category>,
    limit: usize,
    idle: bool,
    key: String,
}

impl Question {
    /// Understands `parameters`, or says in a sentence what is wrong.
    pub(crate) fn new(parameters: &Parameters) -> Result<Self, String> {
        let by = match parameters.by.as_deref() {
            None => Grouping::App,
            Some(name) => Grouping::named(name).ok_or_else(|| {
                let names = Grouping::ALL.map(Grouping::name).join(", ");
                format!("by={name:?} is none of {names}")
            })?,
        };
        let order = match parameters.sort.as_deref() {
            None | Some("") => Order::default(),
            Some(sort) => sort.parse::<Order>().map_err(|error| error.to_string())?,
        };
        let category = match parameters.category.as_deref() {
            None | Some("") => None,
            Some(name) => {
                let category = Category::ALL.into_iter().find(|category| category.name() == name);
                Some(category.ok_or_else(|| {
                    let names = Category::ALL.map(Category::name).join(", ");
                    format!("category={name:?} is none of {names}")
                })?)
            }
        };
        let limit = limit(parameters.limit.as_deref())?;
        let idle = switch("all", parameters.all.as_deref())?;
        let filter = filter(parameters.filter.as_deref())?;
        if let Some(Err(error)) = filter.as_ref().map(Filter::of_processes) {
            return Err(format!("{error}: look among the connections"));
        }
        let text = parameters.filter.as_deref().unwrap_or_default().trim();
        let key = format!(
            "{} {order} {idle} {limit} {} {}",
            by.name(),
            category.map_or("all", Category::name),
            text
        );
        Ok(Self { by, order, filter, category, limit, idle, key })
    }

    /// The same for a file, which has every row unless somebody wanted fewer.
    pub(crate) fn for_file(parameters: &Parameters) -> Result<Self, String> {
        let question = Self::new(parameters)?;
        Ok(if parameters.limit.is_some() { question } else { Self { limit: usize::MAX, ..question } })
    }

    /// What one row stands for.
    pub(crate) fn by(&self) -> Grouping {
        self.by
    }

    /// What the rows are sorted by.
    pub(crate) fn order(&self) -> Order {
        self.order
    }

    /// The only sort of program that is asked for.
    pub(crate) fn category(&self) -> Option<Category> {
        self.category
    }

    /// The most rows that are asked for.
    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    /// The same text for the same question.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// The table as JSON, in the schema of `bwusage-ctl top --json`.
    pub(crate) fn answer(&self, mirror: &Mirror, daemon_version: &str, users: &Users) -> String {
        let table = self.table(mirror, users);
        events::json(&TopReport::new(mirror, &table, self.by, daemon_version))
    }

    /// The table.
    pub(crate) fn table(&self, mirror: &Mirror, users: &Users) -> Table {
        let query = Query {
            by: self.by,
            order: self.order,
            filter: self.filter.as_ref(),
            category: self.category,
            idle: self.idle,
            limit: Some(self.limit),
        };
        table::table(mirror, users, &query)
    }
}

/// At most how many rows.
pub(crate) fn limit(text: Option<&str>) -> Result<usize, String> {
    match text {
        None => Ok(DEFAULT_LIMIT),
        Some(text) => text.parse().map_err(|_| format!("limit={text:?} is not a number of rows")),
    }
}

/// Yes or no; the parameter without a value is a yes.
pub(crate) fn switch(name: &str, text: Option<&str>) -> Result<bool, String> {
    match text {
        None | Some("false") => Ok(false),
        Some("" | "true") => Ok(true),
        Some(other) => Err(format!("{name}={other:?} is neither true nor false")),
    }
}

/// Which rows.
pub(crate) fn filter(text: Option<&str>) -> Result<Option<Filter>, String> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().count() > MAX_FILTER_CHARS) {
        return Err(format!("the filter is longer than {MAX_FILTER_CHARS} characters"));
    }
    text.map(Filter::parse).transpose().map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::sample;

    fn parameters(json: Value) -> Parameters {
        serde_json::from_value(json).unwrap()
    }

    fn refusal(json: Value) -> String {
        Question::new(&parameters(json)).unwrap_err()
    }

    fn names(json: Value) -> Vec<String> {
        let question = Question::new(&parameters(json)).unwrap();
        let answer = question.answer(&sample::mirror(3), "1.2.3", &Users::new());
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["rows"].as_array().unwrap().iter().map(|row| row["app"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_default_is_apps_that_moved_bytes_largest_first() {
        assert_eq!(names(serde_json::json!({})), ["curl", sample::HOSTILE_NAME]);
    }

    #[test]
    fn rows_are_sorted_filtered_and_cut_as_asked() {
        assert_eq!(names(serde_json::json!({"sort": "-rx_total"})), [sample::HOSTILE_NAME, "curl"]);
        assert_eq!(names(serde_json::json!({"filter": "rx_total>600"})), ["curl"]);
        assert_eq!(names(serde_json::json!({"limit": "1"})), ["curl"]);
        assert_eq!(names(serde_json::json!({"category": "background"})), [sample::HOSTILE_NAME]);
        assert_eq!(
            names(serde_json::json!({"all": "true", "by": "pid", "sort": "-pid"})).first().unwrap(),
            "cron"
        );
    }

    #[test]
    fn what_only_connections_have_is_refused_rather_than_to_match_nothing() {
        let said = refusal(serde_json::json!({"filter": "ssh !port:443"}));
        assert_eq!(said, "port: filters connections, not processes: look among the connections");
    }

    #[test]
    fn every_mistake_is_named() {
        assert!(
            refusal(serde_json::json!({"by": "host"}))
                .contains("none of app, pid, user, unit, container, category")
        );
        assert!(refusal(serde_json::json!({"category": "game"})).contains("service, container"));
        assert!(refusal(serde_json::json!({"sort": "size"})).contains("rx_total"));
        assert!(refusal(serde_json::json!({"limit": "-1"})).contains("number of rows"));
        assert!(refusal(serde_json::json!({"all": "maybe"})).contains("neither true nor false"));
        assert!(refusal(serde_json::json!({"filter": "x".repeat(501)})).contains("500 characters"));
        assert_ne!(refusal(serde_json::json!({"filter": "/[/"})), "");
    }

    #[test]
    fn different_questions_have_different_keys() {
        let questions = [
            serde_json::json!({}),
            serde_json::json!({"by": "pid"}),
            serde_json::json!({"sort": "-rx_total"}),
            serde_json::json!({"limit": "5"}),
            serde_json::json!({"all": "true"}),
            serde_json::json!({"filter": "5"}),
            serde_json::json!({"category": "service"}),
        ];
        let keys = questions.map(|json| Question::new(&parameters(json)).unwrap().key);
        assert_eq!(std::collections::BTreeSet::from(keys.clone()).len(), keys.len(), "{keys:?}");
    }
}
