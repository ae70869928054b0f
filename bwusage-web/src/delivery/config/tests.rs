use super::*;

fn read(text: &str) -> Result<Vec<Channel>, String> {
    parse(text, Path::new("x.toml")).map_err(|error| {
        let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        format!("{error} {source}")
    })
}

#[test]
fn the_example_names_nobody_until_its_lines_are_uncommented() {
    let example = include_str!("example.toml");
    assert!(read(example).unwrap().is_empty());
    let written: Vec<&str> = example
        .lines()
        .map(|line| {
            line.strip_prefix("# ")
                .filter(|line| line.contains(" = ") || line.starts_with('['))
                .unwrap_or("#")
        })
        .collect();
    let channels = read(&written.join("\n")).unwrap();
    let told: Vec<String> =
        channels.iter().map(|channel| format!("{}: {}", channel.name, channel.describe())).collect();
    assert_eq!(
        told,
        [
            "webhook ops: https://hooks.example.org is told when rules [1, 4] of warning or more is firing",
            "email me: mail.example.org:587 is told when every rule of info or more is firing or resolved",
        ]
    );
}

#[test]
fn a_host_that_is_not_listed_is_refused() {
    let webhook = "[webhook.x]\nurl = \"https://evil.example/\"\n";
    assert!(read(webhook).is_ok());
    let said = read(&format!("allow_hosts = [\"hooks.example.org\"]\n{webhook}")).unwrap_err();
    assert!(said.contains("evil.example is not among allow_hosts"), "{said}");
}

#[test]
fn every_mistake_is_named_with_its_place() {
    for (text, words) in [
        ("[webhook.x]\nurl = \"file:///etc/passwd\"", "https://"),
        ("[webhook.x]\nurl = \"https://u:p@h/\"", "token into headers"),
        ("[webhook.x]\nurl = \"https://h/\"\ncolour = 1", "line 3"),
        ("[webhook.x]\nurl = \"https://h/\"\ntimeout_s = 0", "from 1 to 300"),
        ("[webhook.x]\nurl = \"https://h/\"\nstates = []", "firing"),
        ("[webhook.x]\nurl = \"https://h/\"\nheaders = { \"a b\" = \"c\" }", "header"),
        ("[email.x]\nserver = \"h\"\nfrom = \"a@b.c\"\nto = []", "somebody"),
        ("[email.x]\nserver = \"h\"\nfrom = \"nobody\"\nto = [\"a@b.c\"]", "no address"),
        ("[email.x]\nserver = \"h\"\nfrom = \"a@b.c\"\nto = [\"a@b.c\\r\\nBcc: d@e.f\"]", "no address"),
        ("[email.x]\nserver = \"h\"\nuser = \"u\"\nfrom = \"a@b.c\"\nto = [\"a@b.c\"]", "go together"),
        ("allow_networks = [\"everywhere\"]", "allow_networks"),
    ] {
        let said = read(text).unwrap_err();
        assert!(said.contains(words), "{text}: {said}");
    }
}
