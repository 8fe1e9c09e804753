//! Replies that are read, and the many that are not.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const FIRM: &str = "91419001MA9ABC128H";

fn firm() -> Uscc {
    Uscc::parse(FIRM).unwrap().value
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn credit(source: SourceCode) -> Value {
    json!({
        "contract": CONTRACT, "source": source.code(), "subject": FIRM, "as_of": "2023-06-01", "complete": true,
        "listings": [{"list": "DISHONEST_DEBTOR", "since": "2023-01-05", "until": null, "document": "（2022）豫9001执123号"}],
        "grade": "良",
        "penalties": [{"decided_on": "2022-03-01", "serious": false, "document": "济环罚决字〔2022〕3号"}],
    })
}

fn platform() -> Value {
    json!({
        "contract": CONTRACT, "source": "PLEDGE_PLATFORM", "subject": FIRM, "as_of": "2023-06-01", "complete": true,
        "pledges": [{"number": "ZL202210123456.1", "code": "PE01", "on": "2023-02-01", "reference": "Y2023410000001"}],
    })
}

fn read_json(source: SourceCode, reply: &Value) -> Result<Findings, ReplyFault> {
    read(source, &firm(), reply.to_string().as_bytes(), day("2023-06-01"))
}

#[test]
fn what_a_source_has_to_tell_is_read() {
    let found = read_json(SourceCode::CreditHenan, &credit(SourceCode::CreditHenan)).unwrap();
    assert_eq!(found.exclusions_on(day("2023-06-01")), [Exclusion::parse("HX01").unwrap()].into());
    assert_eq!(found.grade, GradeTold::Graded(CreditGrade::Good));
    assert!(found.penalised_within(day("2023-06-01"), 24));
    let found = read_json(SourceCode::PledgePlatform, &platform()).unwrap();
    assert_eq!((found.pledges[0].code.as_str(), found.pledges[0].on), ("PE01", day("2023-02-01")));
    assert_eq!(found.grade, GradeTold::NotTold);
    for (list, code) in LISTS {
        let mut reply = credit(SourceCode::CreditChina);
        reply["listings"][0]["list"] = json!(list);
        let found = read_json(SourceCode::CreditChina, &reply).unwrap();
        assert_eq!(found.listings[0].exclusion.to_string(), code);
    }
}

#[test]
fn nothing_on_a_list_has_to_be_said_in_so_many_words() {
    let mut clean = credit(SourceCode::CreditJiyuan);
    clean["listings"] = json!([]);
    clean["penalties"] = json!([]);
    clean["grade"] = json!(null);
    let found = read_json(SourceCode::CreditJiyuan, &clean).unwrap();
    assert_eq!((found.listings.len(), found.grade), (0, GradeTold::Unrated));
    for part in ["listings", "penalties", "grade", "complete", "as_of", "subject"] {
        let mut without = clean.clone();
        without.as_object_mut().unwrap().remove(part);
        assert!(read_json(SourceCode::CreditJiyuan, &without).is_err(), "{part} was taken for good");
        without[part] = json!(null);
        let refused = read_json(SourceCode::CreditJiyuan, &without).is_err();
        assert_eq!(refused, part != "grade", "{part} null");
    }
}

#[test]
fn a_reply_that_is_not_the_one_asked_for_says_nothing() {
    type Spoil = fn(&mut Value);
    let wrong: [(Spoil, ReplyFault); 16] = [
        (|r| r["contract"] = json!("zhirong-source/2"), ReplyFault::Contract),
        (|r| r["source"] = json!("CREDIT_CHINA"), ReplyFault::Source),
        (|r| r["subject"] = json!("91419001MA9K7Q3R0T"), ReplyFault::Subject),
        (|r| r["complete"] = json!(false), ReplyFault::Incomplete),
        (|r| r["as_of"] = json!("2023-06-02"), ReplyFault::Future),
        (|r| r["as_of"] = json!("2023-02-30"), ReplyFault::Form),
        (|r| r["notice"] = json!("今日维护"), ReplyFault::Form),
        (|r| r["pledges"] = json!([]), ReplyFault::Parts),
        (|r| r["grade"] = json!("极好"), ReplyFault::Entry),
        (|r| r["listings"] = json!({}), ReplyFault::Form),
        (|r| r["listings"][0]["list"] = json!("NEW_LIST"), ReplyFault::Entry),
        (|r| r["listings"][0]["until"] = json!("2023-01-04"), ReplyFault::Entry),
        (|r| r["listings"][0]["document"] = json!("x".repeat(201)), ReplyFault::Entry),
        (
            |r| {
                r["listings"][0].as_object_mut().unwrap().remove("until");
            },
            ReplyFault::Form,
        ),
        (|r| r["penalties"][0]["decided_on"] = json!("2023-06-02"), ReplyFault::Entry),
        (|r| r["penalties"] = json!(vec![r["penalties"][0].clone(); ENTRIES_MAX + 1]), ReplyFault::TooLong),
    ];
    for (spoil, fault) in wrong {
        let mut reply = credit(SourceCode::CreditHenan);
        spoil(&mut reply);
        assert_eq!(read_json(SourceCode::CreditHenan, &reply), Err(fault), "{reply}");
    }
    let mut reply = platform();
    reply["pledges"][0]["code"] = json!("TR01");
    assert_eq!(read_json(SourceCode::PledgePlatform, &reply), Err(ReplyFault::Entry));
    let mut reply = platform();
    reply["listings"] = json!([]);
    assert_eq!(read_json(SourceCode::PledgePlatform, &reply), Err(ReplyFault::Parts));
    let long = vec![b' '; BYTES_MAX + 1];
    assert_eq!(read(SourceCode::CreditChina, &firm(), &long, day("2023-06-01")), Err(ReplyFault::TooLong));
    for text in ["", "null", "[]", "{}", "<html>502 Bad Gateway</html>", "\u{FEFF}{}"] {
        assert!(
            read(SourceCode::CreditChina, &firm(), text.as_bytes(), day("2023-06-01")).is_err(),
            "{text}"
        );
    }
    // One field twice: which of them counts?
    let twice = credit(SourceCode::CreditChina).to_string().replacen('{', "{\"listings\": [], ", 1);
    assert_eq!(
        read(SourceCode::CreditChina, &firm(), twice.as_bytes(), day("2023-06-01")),
        Err(ReplyFault::Form)
    );
}

proptest! {
    #[test]
    fn no_bytes_panic_and_none_are_taken_for_good(
        source in prop::sample::select(&SourceCode::ALL[..]),
        bytes in prop::collection::vec(any::<u8>(), 0..512),
    ) {
        prop_assert!(read(source, &firm(), &bytes, day("2023-06-01")).is_err());
    }

    #[test]
    fn a_damaged_reply_about_an_excluded_firm_never_reads_as_a_clean_one(
        cut in 0..600_usize,
        damage in prop::collection::vec((0..600_usize, any::<u8>()), 0..4),
        truncate in any::<bool>(),
    ) {
        let mut bytes = credit(SourceCode::CreditHenan).to_string().into_bytes();
        if truncate {
            bytes.truncate(cut.min(bytes.len() - 1));
        }
        for (place, byte) in damage {
            let len = bytes.len().max(1);
            if let Some(slot) = bytes.get_mut(place % len) {
                *slot = byte;
            }
        }
        if let Ok(found) = read(SourceCode::CreditHenan, &firm(), &bytes, day("2023-06-01")) {
            prop_assert_eq!(found.listings.len(), 1);
            prop_assert!(!found.exclusions_on(day("2023-06-01")).is_empty());
        }
    }
}
