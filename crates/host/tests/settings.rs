//! Layers, types, faults.

use std::time::Duration;

use host::settings::host_keys::{ADMIN_LISTEN, DATABASE_URL, GRACE, POOL_SIZE, TRACE_RATIO};
use host::settings::{Faults, Origin};
use host::{Key, Role, Settings};
use kernel::Span;

use crate::ground::{BARE, CODES, EAST, LIMIT, TOKEN, WEST, WINDOW};

/// A file that goes with the test.
struct File(std::path::PathBuf);

impl File {
    fn with(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("zhirong-settings-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap();
    }
}

/// What every role with a store must be given.
const NEEDED: [(&str, &str); 5] = [
    ("ZHIRONG_DATABASE_URL", "postgres://zhirong_east:topsecret@127.0.0.1/zhirong"),
    ("ZHIRONG_AMQP_URL", "amqp://zhirong_east:topsecret@127.0.0.1/zhirong"),
    ("ZHIRONG_SIGNING_KEY_FILE", "/run/secrets/east-signing-key.pem"),
    ("ZHIRONG_VERIFY_KEYS_FILE", "/run/secrets/verify-keys.json"),
    ("ZHIRONG_EAST_LIMIT", "7"),
];

fn read(role: &Role, pairs: &[(&str, &str)]) -> Result<Settings, Faults> {
    Settings::from_environment(role, &[&EAST, &WEST, &BARE], pairs.iter().copied())
}

fn with(pairs: &[(&str, &str)]) -> Result<Settings, Faults> {
    let mut all: Vec<(&str, &str)> =
        NEEDED.iter().copied().filter(|(name, _)| pairs.iter().all(|(other, _)| name != other)).collect();
    all.extend(pairs);
    read(&EAST, &all)
}

fn troubles(faults: &Faults) -> Vec<(&str, &str)> {
    faults.0.iter().map(|fault| (fault.key.as_str(), fault.trouble.as_str())).collect()
}

#[test]
fn all_faults_are_listed_at_once_with_key_and_expectation() {
    let faults = read(
        &EAST,
        &[
            ("ZHIRONG_DATABASE_URL_FILE", "/nowhere/at/all"),
            ("ZHIRONG_LISTEN", "localhost"),
            ("ZHIRONG_TRACE_RATIO", "2"),
            ("ZHIRONG_EAST_WINDOW", "tomorrow"),
            ("ZHIRONG_PEER_WEST", "west:7400"),
            ("ZHIRONG_SIGNING_KEY_FILE", "key.pem"),
        ],
    )
    .unwrap_err();
    assert_eq!(
        troubles(&faults),
        [
            ("ZHIRONG_AMQP_URL", "missing"),
            ("ZHIRONG_DATABASE_URL_FILE", "/nowhere/at/all: No such file or directory (os error 2)"),
            ("ZHIRONG_EAST_LIMIT", "missing"),
            ("ZHIRONG_EAST_WINDOW", "not a span of time"),
            ("ZHIRONG_LISTEN", "not an address with a port"),
            ("ZHIRONG_PEER_WEST", "not an http URL"),
            ("ZHIRONG_TRACE_RATIO", "outside 0 to 1"),
            ("ZHIRONG_VERIFY_KEYS_FILE", "missing"),
        ]
    );
    let text = faults.to_string();
    assert!(text.starts_with("配置有 8 处错误"), "{text}");
    assert!(
        text.contains("ZHIRONG_EAST_WINDOW: not a span of time; expected: a span such as 5wd or 30s"),
        "{text}"
    );
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
    let file = File::with(
        "layers.toml",
        "pool_size = 20\n[trace]\nratio = 0.25\n[east]\nwindow = \"30s\"\ncodes = [\"A\", \"B\"]\n[peer]\nwest = \"http://w:1\"\n",
    );
    let settings = with(&[("ZHIRONG_CONFIG", file.path()), ("ZHIRONG_POOL_SIZE", "30")]).unwrap();
    assert_eq!(settings.get(&POOL_SIZE).unwrap(), 30);
    assert_eq!(settings.get(&TRACE_RATIO).unwrap().0, 0.25);
    assert_eq!(settings.get(&WINDOW).unwrap(), Span::Seconds(30));
    assert_eq!(settings.find(&CODES).unwrap(), Some(vec!["A".to_owned(), "B".to_owned()]));
    assert_eq!(settings.get(&GRACE).unwrap(), Duration::from_secs(20));
    assert_eq!(settings.get(&LIMIT).unwrap(), 7);
    assert_eq!(settings.peer("west"), "http://w:1");
    assert_eq!(settings.peer("other"), "http://other:7400");
    let origins =
        [&POOL_SIZE as &dyn host::AnyKey, &TRACE_RATIO, &GRACE, &TOKEN].map(|key| settings.origin(key));
    assert_eq!(origins, [Some(Origin::Environment), Some(Origin::File), Some(Origin::Default), None]);
}

#[test]
fn a_secret_comes_from_a_file_and_is_never_printed() {
    let file = File::with("secret", "s3cr3t\n");
    let settings = with(&[("ZHIRONG_EAST_TOKEN_FILE", file.path())]).unwrap();
    let token = settings.find(&TOKEN).unwrap().unwrap();
    assert_eq!(token.expose(), "s3cr3t");
    for text in [format!("{token} {token:?}"), format!("{settings:?}")] {
        assert!(!text.contains("s3cr3t") && !text.contains("topsecret"), "{text}");
    }

    let faults =
        with(&[("ZHIRONG_EAST_TOKEN_FILE", file.path()), ("ZHIRONG_EAST_TOKEN", "s3cr3t")]).unwrap_err();
    assert_eq!(troubles(&faults), [("ZHIRONG_EAST_TOKEN_FILE", "both are given")]);
    assert!(!faults.to_string().contains("s3cr3t"));
}

#[test]
fn a_secret_of_the_environment_replaces_the_configuration_file_s_in_either_form() {
    let secret = File::with("lower", "from-file");
    for (lower, upper) in [
        (format!("database_url_file = \"{}\"", secret.path()), ("ZHIRONG_DATABASE_URL", "postgres://upper")),
        ("database_url = \"postgres://lower\"".to_owned(), ("ZHIRONG_DATABASE_URL_FILE", secret.path())),
    ] {
        let file = File::with("either.toml", &lower);
        let mut pairs = NEEDED.to_vec();
        pairs[0] = upper;
        pairs.push(("ZHIRONG_CONFIG", file.path()));
        let url = read(&EAST, &pairs).unwrap().get(&DATABASE_URL).unwrap();
        assert!(["postgres://upper", "from-file"].contains(&url.expose().as_str()), "{}", url.expose());
    }
}

#[test]
fn an_unknown_key_is_refused_in_the_file_and_reported_in_the_environment() {
    let file = File::with("unknown.toml", "[east]\nwindwo = \"5wd\"\n[west]\n");
    let faults = with(&[("ZHIRONG_CONFIG", file.path())]).unwrap_err();
    assert_eq!(troubles(&faults), [("ZHIRONG_EAST_WINDWO", "no such setting")]);

    let settings = with(&[("ZHIRONG_EAST_WINDWO", "5wd"), ("ZHIRONG_LOG", "debug"), ("HOME", "/")]).unwrap();
    assert_eq!(settings.unknown(), ["ZHIRONG_EAST_WINDWO"]);
}

#[test]
fn one_file_serves_all_roles() {
    let file = File::with("shared.toml", "[east]\nwindow = \"9wd\"\nlimit = 1\n");
    let pairs: Vec<(&str, &str)> = NEEDED.into_iter().chain([("ZHIRONG_CONFIG", file.path())]).collect();
    let west = read(&WEST, &pairs).unwrap();
    assert!(west.unknown().is_empty());
}

#[test]
fn a_role_without_a_store_needs_neither_database_nor_broker() {
    let settings = read(&BARE, &NEEDED[2..4]).unwrap();
    assert_eq!(settings.get(&ADMIN_LISTEN).unwrap().port(), 7490);
    assert!(BARE.all_keys().iter().all(|key| key.name() != "ZHIRONG_DATABASE_URL"));
}

#[test]
fn an_unreadable_or_contradictory_file_is_a_fault() {
    let faults = with(&[("ZHIRONG_CONFIG", "/nowhere.toml")]).unwrap_err();
    assert_eq!(troubles(&faults), [("ZHIRONG_CONFIG", "No such file or directory (os error 2)")]);

    let file = File::with("twice.toml", "east_limit = 1\n[east]\nlimit = 2\ncodes = [[1]]\n");
    let faults = with(&[("ZHIRONG_CONFIG", file.path())]).unwrap_err();
    let expected = [
        ("ZHIRONG_EAST_CODES", "a value that is neither text, number, true, false nor a list of these"),
        ("ZHIRONG_EAST_LIMIT", "written twice"),
    ];
    assert_eq!(troubles(&faults), expected);
}

#[test]
fn values_are_read_as_their_types_say() {
    const DURATION: Key<Duration> = Key::optional("ZHIRONG_EAST_LIMIT", "a duration");
    for (text, expected) in [
        ("250ms", Some(Duration::from_millis(250))),
        ("30s", Some(Duration::from_secs(30))),
        ("5m", Some(Duration::from_secs(300))),
        ("2h", Some(Duration::from_secs(7200))),
        ("30", None),
        ("s", None),
        ("-1s", None),
        ("99999999999999999999h", None),
        ("18446744073709551615h", None),
    ] {
        assert_eq!(host::AnyKey::check(&DURATION, text).is_ok(), expected.is_some(), "{text}");
        assert_eq!(<Duration as host::FromSetting>::from_setting(text).ok(), expected, "{text}");
    }
    let list = |text: &str| <Vec<String> as host::FromSetting>::from_setting(text).ok();
    assert_eq!(list("API, XYD"), Some(vec!["API".to_owned(), "XYD".to_owned()]));
    assert_eq!(list(""), Some(vec![]));
    assert_eq!(list("API,,XYD"), None);
}
