//! Inside a service: `domain/` is pure, and SQL is in `store/` only.

use crate::repository::{File, files, none};
use crate::rust_text::{has_word, lex};

/// Words that a pure rule has no use for: time and randomness come in as arguments.
const NOT_IN_DOMAIN: [&str; 14] = [
    "async",
    "await",
    "tokio",
    "sqlx",
    "tonic",
    "prost",
    "prost_types",
    "proto",
    "bus",
    "rpc",
    "Utc::now",
    "Local::now",
    "SystemTime::now",
    "Instant::now",
];

/// The ways into SQL that sqlx has.
const SQL_CALLS: [&str; 7] = [
    "sqlx::query",
    "sqlx::query_as",
    "sqlx::query_scalar",
    "sqlx::raw_sql",
    "QueryBuilder",
    "query_as",
    "query_scalar",
];

const SQL_BEGINNINGS: [&str; 6] = ["SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM ", "WITH ", "COPY "];

fn domain_faults(files: &[File]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.path.contains("/src/domain/") || file.path.ends_with("/src/domain.rs"))
    {
        let code = lex(&file.text).code;
        for word in NOT_IN_DOMAIN {
            // `bus`, `rpc` and `proto` may be names of a value; as a package they are followed by a path.
            let package = ["bus", "rpc", "proto"].contains(&word);
            let found = if package { has_path(&code, word) } else { has_word(&code, word) };
            if found {
                faults.push(format!("{} uses {word}; domain is pure", file.path));
            }
        }
    }
    faults
}

fn has_path(code: &str, package: &str) -> bool {
    code.match_indices(&format!("{package}::")).any(|(at, _)| {
        !code[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    })
}

/// The binary is no service and has no store: its `bench` asks the database itself what things cost.
const BINARY: &str = "services/zhirong/";

fn sql_faults(files: &[File]) -> Vec<String> {
    let mut faults = Vec::new();
    let outside = files.iter().filter(|file| {
        file.path.starts_with("services/")
            && !file.path.starts_with(BINARY)
            && file.path.contains("/src/")
            && !file.path.contains("/src/store/")
    });
    for file in outside {
        let lexed = lex(&file.text);
        for call in SQL_CALLS.into_iter().filter(|call| has_word(&lexed.code, call)) {
            faults.push(format!("{} calls {call}; SQL is in store/", file.path));
        }
        for (line, text) in &lexed.texts {
            let text = text.trim_start_matches([' ', '\n', '\\']);
            if SQL_BEGINNINGS.iter().any(|beginning| text.starts_with(beginning)) {
                faults.push(format!("{}:{line} has a statement; SQL is in store/", file.path));
            }
        }
    }
    faults
}

#[test]
fn domains_are_pure() {
    none("domain", &domain_faults(&files(&[".rs"])));
}

#[test]
fn sql_is_in_stores_only() {
    none("store", &sql_faults(&files(&[".rs"])));
}

#[test]
fn an_impure_domain_is_found() {
    let domain = |text| domain_faults(&[File::sample("services/intake/src/domain/case.rs", text)]).len();
    assert_eq!(
        domain(
            "//! Nothing async here.\nfn decide(now: DateTime<Utc>, bus: u8) -> &'static str { \"sqlx\" }"
        ),
        0
    );
    assert_eq!(domain("async fn decide() {}"), 1);
    assert_eq!(domain("let now = Utc::now();"), 1);
    assert_eq!(domain("use sqlx::PgPool;\nuse tonic::Status;"), 2);
    assert_eq!(domain("use proto::intake::v1::Case;"), 1);
    let elsewhere = File::sample("services/intake/src/rpc/case.rs", "async fn f() {}");
    assert_eq!(domain_faults(&[elsewhere]), Vec::<String>::new());
}

#[test]
fn sql_outside_of_a_store_is_found() {
    let count = |path, text| sql_faults(&[File::sample(path, text)]).len();
    let call = "sqlx::query(\"SELECT 1\").execute(tx);";
    assert_eq!(count("services/intake/src/store/cases.rs", call), 0);
    assert_eq!(count("services/intake/src/rpc/cases.rs", call), 2);
    assert_eq!(count("services/intake/src/rpc/cases.rs", "// sqlx::query(\"SELECT 1\")"), 0);
    assert_eq!(
        count("services/intake/src/messaging/replies.rs", "let s = \"\\\n  UPDATE leg SET x = 1\";"),
        1
    );
    assert_eq!(count("services/intake/tests/suite.rs", call), 0);
}
