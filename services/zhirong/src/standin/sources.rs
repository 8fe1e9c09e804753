//! Stands in for 信用中国, 信用河南, 信用济源 and the national IP-pledge platform: answers by the contract of
//! `docs/contracts/sources.md`, invents what it tells from the USCC alone, and fails or takes its time when told to.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Json, Router};
use chrono::{Days, NaiveDate, Utc};
use kernel::calendar::date_of;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use whitelist::domain::source::SourceCode;
use whitelist::domain::source_reply::CONTRACT;

/// Longer than any caller waits.
const STALL: Duration = Duration::from_secs(120);
/// Of the invented firms one in so many is on a list, has a penalty, has no grade.
const LISTED_ONE_IN: u8 = 16;
const PENALISED_ONE_IN: u8 = 8;
const UNRATED_ONE_IN: u8 = 10;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// 监听地址（仅限本机）/ Address to listen on; loopback only
    #[arg(long, default_value = "127.0.0.1:7481")]
    listen: SocketAddr,
    /// 一开始就不应答的来源，可多次给出，如 CREDIT_HENAN / A source that does not answer from the start; may be repeated
    #[arg(long, value_parser = source)]
    down: Vec<SourceCode>,
    /// 一开始就迟迟不答的来源，可多次给出 / A source that takes too long from the start; may be repeated
    #[arg(long, value_parser = source)]
    slow: Vec<SourceCode>,
}

fn source(text: &str) -> Result<SourceCode, String> {
    let known = SourceCode::ALL.map(SourceCode::code).join(", ");
    SourceCode::from_code(text).ok_or_else(|| format!("one of: {known}"))
}

pub(super) async fn run(arguments: &Arguments) -> Result<()> {
    let listener = super::listen(arguments.listen).await?;
    let platforms = Platforms::default();
    for code in &arguments.down {
        platforms.behave(*code, Manner::Down);
    }
    for code in &arguments.slow {
        platforms.behave(*code, Manner::Slow);
    }
    println!("信用与质押信息平台替身正在监听 http://{}，按 Ctrl-C 结束", listener.local_addr()?);
    tokio::select! {
        served = serve(listener, platforms) => served,
        ended = tokio::signal::ctrl_c() => Ok(ended?),
    }
}

/// Answers on `listener` until the future is dropped.
///
/// # Errors
/// The listener's.
pub async fn serve(listener: TcpListener, platforms: Platforms) -> Result<()> {
    let router = Router::new()
        .route("/v1/query", post(query))
        .route("/stand-in/manner", post(set_manner))
        .route("/stand-in/facts", post(set_facts))
        .with_state(platforms);
    Ok(axum::serve(listener, router).await?)
}

/// How each platform behaves, and what is to be told instead of what would be invented.
#[derive(Clone, Debug, Default)]
pub struct Platforms(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    manners: BTreeMap<SourceCode, Manner>,
    facts: BTreeMap<String, Facts>,
    asked: BTreeMap<SourceCode, u64>,
}

/// How a platform behaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    #[default]
    Good,
    /// 503.
    Down,
    /// No answer comes.
    Slow,
    /// A page instead of a document.
    Garbled,
    /// The document ends in the middle.
    Cut,
    /// It says itself that it is not complete.
    Incomplete,
}

/// What is known of one enterprise, in the contract's own words; a part that is not given is invented.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    pub listings: Option<Value>,
    pub penalties: Option<Value>,
    pub grade: Option<Value>,
    pub pledges: Option<Value>,
}

impl Platforms {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn behave(&self, code: SourceCode, manner: Manner) {
        self.inner().manners.insert(code, manner);
    }

    pub fn know(&self, subject: &str, facts: Facts) {
        self.inner().facts.insert(subject.to_owned(), facts);
    }

    /// How often this platform was asked.
    pub fn asked(&self, code: SourceCode) -> u64 {
        self.inner().asked.get(&code).copied().unwrap_or_default()
    }
}

#[derive(Deserialize)]
struct Question {
    contract: String,
    source: String,
    subject: String,
}

async fn query(State(platforms): State<Platforms>, Json(question): Json<Question>) -> Response {
    let Some(code) = SourceCode::from_code(&question.source).filter(|_| question.contract == CONTRACT) else {
        return (StatusCode::UNPROCESSABLE_ENTITY, "no such contract or source").into_response();
    };
    let (manner, facts) = {
        let mut inner = platforms.inner();
        *inner.asked.entry(code).or_default() += 1;
        let facts = inner.facts.get(&question.subject).cloned().unwrap_or_default();
        (inner.manners.get(&code).copied().unwrap_or_default(), facts)
    };
    let mut reply = told(code, &question.subject, facts, date_of(Utc::now()));
    match manner {
        Manner::Good => Json(reply).into_response(),
        Manner::Down => (StatusCode::SERVICE_UNAVAILABLE, "系统维护").into_response(),
        Manner::Slow => {
            tokio::time::sleep(STALL).await;
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
        Manner::Garbled => "<html><body>系统维护，请稍后再试</body></html>".into_response(),
        Manner::Cut => {
            let text = reply.to_string();
            text.chars().take(text.chars().count() / 2).collect::<String>().into_response()
        }
        Manner::Incomplete => {
            reply["complete"] = json!(false);
            Json(reply).into_response()
        }
    }
}

/// The same for the same enterprise and day, whoever asks and however often.
fn told(code: SourceCode, subject: &str, facts: Facts, today: NaiveDate) -> Value {
    let dice = digest(&SHA256, subject.as_bytes());
    let dice = |place: usize| dice.as_ref().get(place).copied().unwrap_or_default();
    let days_ago = |days: u64| today.checked_sub_days(Days::new(days)).unwrap_or(today).to_string();
    let mut reply = json!({
        "contract": CONTRACT, "source": code.code(), "subject": subject, "as_of": today.to_string(), "complete": true,
    });
    if code == SourceCode::PledgePlatform {
        reply["pledges"] = facts.pledges.unwrap_or_else(|| json!([]));
        return reply;
    }
    let list = ["DISHONEST_DEBTOR", "ABNORMAL_OPERATION", "TAX_SERIOUS", "CONSUMPTION_RESTRICTED"];
    let list = list[usize::from(dice(1)) % list.len()];
    let listed = json!([{
        "list": list, "since": days_ago(30 + u64::from(dice(2))), "until": null, "document": "演示文书1号",
    }]);
    let penalised = json!([{
        "decided_on": days_ago(60 + u64::from(dice(4))), "serious": false, "document": "演示处罚决定1号",
    }]);
    let rare = |place: usize, one_in: u8, found: Value| {
        if dice(place).is_multiple_of(one_in) { found } else { json!([]) }
    };
    reply["listings"] = facts.listings.unwrap_or_else(|| rare(0, LISTED_ONE_IN, listed));
    reply["penalties"] = facts.penalties.unwrap_or_else(|| rare(3, PENALISED_ONE_IN, penalised));
    if code != SourceCode::CreditChina {
        let graded = match dice(5) {
            0..=127 => "优",
            128..=215 => "良",
            216..=247 => "中",
            248..=255 => "差",
        };
        let unrated = dice(6).is_multiple_of(UNRATED_ONE_IN);
        let grade = if unrated { json!(null) } else { json!(graded) };
        reply["grade"] = facts.grade.unwrap_or(grade);
    }
    reply
}

#[derive(Deserialize)]
struct NewManner {
    source: String,
    manner: Manner,
}

async fn set_manner(State(platforms): State<Platforms>, Json(new): Json<NewManner>) -> Response {
    match SourceCode::from_code(&new.source) {
        Some(code) => {
            platforms.behave(code, new.manner);
            StatusCode::NO_CONTENT.into_response()
        }
        None => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
    }
}

#[derive(Deserialize)]
struct NewFacts {
    subject: String,
    facts: Facts,
}

async fn set_facts(State(platforms): State<Platforms>, Json(new): Json<NewFacts>) -> StatusCode {
    platforms.know(&new.subject, new.facts);
    StatusCode::NO_CONTENT
}

#[cfg(test)]
mod tests {
    use kernel::Uscc;
    use whitelist::domain::source_reply::read;

    use super::*;

    fn day() -> NaiveDate {
        "2023-06-01".parse().unwrap()
    }

    #[test]
    fn what_is_invented_keeps_the_contract_is_the_same_each_time_and_is_not_always_good_news() {
        let mut listed = 0;
        let mut penalised = 0;
        for number in 0..400 {
            let firm = Uscc::complete("91419001", &format!("MA{number:06}")).unwrap();
            for code in SourceCode::ALL {
                let reply = told(code, firm.as_str(), Facts::default(), day());
                assert_eq!(reply, told(code, firm.as_str(), Facts::default(), day()));
                let found = read(code, &firm, reply.to_string().as_bytes(), day());
                let found = found.unwrap_or_else(|fault| panic!("{code:?}: {fault}: {reply}"));
                listed += found.exclusions_on(day()).len();
                penalised += usize::from(found.penalised_within(day(), 24));
            }
        }
        assert!((15..=150).contains(&listed), "{listed}");
        assert!((60..=300).contains(&penalised), "{penalised}");
    }

    #[test]
    fn what_is_known_is_told_instead() {
        let facts = Facts { listings: Some(json!([])), grade: Some(json!("差")), ..Facts::default() };
        let reply = told(SourceCode::CreditHenan, "91419001MA9ABC128H", facts, day());
        assert_eq!((&reply["listings"], &reply["grade"]), (&json!([]), &json!("差")));
    }
}
