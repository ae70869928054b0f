//! `.deny.toml`: what is allowed beyond the rule is explained.

/// An exception is explained by its `reason`, or by a comment above it or above the entry before it.
fn unexplained(config: &str) -> Vec<&str> {
    let mut explained = false;
    let mut unexplained = Vec::new();
    for line in config.lines().map(str::trim) {
        if line.starts_with("{ ") {
            let reason = line.split_once("reason = \"").is_some_and(|(_, reason)| !reason.starts_with('"'));
            if !explained && !reason {
                unexplained.push(line);
            }
        } else {
            explained = line.starts_with('#');
        }
    }
    unexplained
}

#[test]
fn every_exception_says_why() {
    let config = include_str!("../../.deny.toml");
    assert!(config.contains("{ crate = "), "the file has another form than this test reads");
    assert_eq!(unexplained(config), Vec::<&str>::new());
}

#[test]
fn an_exception_without_a_reason_is_noticed() {
    let config = "skip = [\n{ crate = \"a\", reason = \"because\" },\n{ crate = \"b\" },\n{ id = \"c\", reason = \"\" },\n]";
    assert_eq!(unexplained(config), ["{ crate = \"b\" },", "{ id = \"c\", reason = \"\" },"]);
}
