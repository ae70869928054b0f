//! The document of the API says what is so.

use std::collections::BTreeSet;

use serde_json::json;

use super::{house::House, *};

#[path = "../../../../bwusage-ctl/tests/support/schema.rs"]
mod checker;
use checker::Schema;

/// What people open, and what that is made of.
const PAGES: [&str; 6] = ["/", "/login", "/logout", "/setup", "/password", "/assets/{*path}"];

fn document() -> Value {
    serde_json::from_str(OPENAPI).unwrap()
}

fn schema_of(document: &Value, path: &str, method: &str, status: &str) -> Schema {
    let answer = &document["paths"][path][method]["responses"][status];
    let start = answer["content"]["application/json"]["schema"].clone();
    assert!(start.is_object(), "{method} {path} {status} has no schema");
    Schema::new(document.clone(), start)
}

#[test]
fn every_route_is_in_the_document_and_nothing_else() {
    let document = document();
    let described: BTreeSet<String> = document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{} {path}", method.to_uppercase()))
        })
        .collect();
    let routes = table::table().into_iter().filter(|route| !PAGES.contains(&route.path));
    let answered: BTreeSet<String> = routes.map(|route| format!("{} {}", route.method, route.path)).collect();
    assert_eq!(described, answered);
}

#[test]
fn every_part_of_a_path_is_a_parameter_and_every_operation_has_its_name() {
    let document = document();
    let mut names = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} is there twice");
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let in_path: BTreeSet<&str> = parameters
                .filter(|parameter| parameter["in"] == "path")
                .map(|parameter| parameter["name"].as_str().unwrap())
                .collect();
            let parts = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
            assert_eq!(parts.collect::<BTreeSet<_>>(), in_path, "{method} {path}");
        }
    }
}

#[test]
fn what_the_command_line_says_too_is_described_in_the_same_words() {
    let text = include_str!("../../../../bwusage-ctl/schema/bwusage.json");
    let theirs: Value = serde_json::from_str(&text.replace("\"#/$defs/", "\"#/components/schemas/")).unwrap();
    let document = document();
    let ours = document["components"]["schemas"].as_object().unwrap();
    let shared: Vec<&String> =
        ours.keys().filter(|name| theirs["$defs"].get(name.as_str()).is_some()).collect();
    for name in &shared {
        assert_eq!(ours[*name], theirs["$defs"][name.as_str()], "{name}");
    }
    assert!(shared.len() > 30, "{shared:?}");
}

#[tokio::test]
async fn what_admins_are_answered_is_as_described() {
    let (house, document) = (House::new(), document());
    for path in [
        "/api/v1/me",
        "/api/v1/users",
        "/api/v1/sessions",
        "/api/v1/tokens",
        "/api/v1/audit",
        "/api/v1/deliveries",
    ] {
        let (status, answer) = house.get(house::Who::Admin, path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        schema_of(&document, path, "get", "200").check(&answer);
    }
    let wanted = json!({ "name": "n", "scope": "read", "days": 1 });
    let (status, made) = house.json(house::Who::Admin, Method::POST, "/api/v1/tokens", wanted).await;
    assert_eq!(status, StatusCode::CREATED);
    schema_of(&document, "/api/v1/tokens", "post", "201").check(&made);
    let (_, refused) = house.get(house::Who::Viewer, "/api/v1/users").await;
    schema_of(&document, "/api/v1/users", "get", "default").check(&refused);
}

#[tokio::test]
async fn everyone_can_read_it() {
    let (status, read) = House::new().get(house::Who::Anonymous, "/api/v1/openapi.json").await;
    assert_eq!((status, read), (StatusCode::OK, document()));
}
