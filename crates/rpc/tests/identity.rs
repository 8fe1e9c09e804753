//! Tokens: who may name whom, for how long, for which audience.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use kernel::Clock as _;
use rpc::identity::{KeyRing, Signer, generate};
use rpc::{Actor, Duty};
use std::sync::Arc;

use crate::probe::{Identities, bank, clerk};

fn refused(ids: &Identities, token: &str, now: DateTime<Utc>) -> Option<&'static str> {
    ids.verifier().verify_at(token, now).err().map(|fault| fault.reason().id)
}

#[test]
fn a_token_names_whom_its_issuer_may_name() {
    let ids = Identities::new();
    let now = ids.clock.now();
    let role = |name: &str| Actor::Role(name.to_owned());
    let table = [
        (&ids.intake, role("intake"), None),
        (&ids.partner, role("partner"), None),
        (&ids.desk, clerk(), None),
        (&ids.partner, bank(), None),
        (&ids.intake, role("partner"), Some("PERMISSION_DENIED")),
        (&ids.intake, clerk(), Some("PERMISSION_DENIED")),
        (&ids.partner, clerk(), Some("PERMISSION_DENIED")),
        (&ids.intake, bank(), Some("PERMISSION_DENIED")),
        (&ids.desk, bank(), Some("PERMISSION_DENIED")),
        (&ids.desk, role("intake"), Some("PERMISSION_DENIED")),
        (&ids.desk, Actor::Staff { id: "名字".into(), duties: vec![] }, Some("PERMISSION_DENIED")),
        (&ids.desk, Actor::Staff { id: String::new(), duties: vec![] }, Some("PERMISSION_DENIED")),
    ];
    for (signer, actor, expected) in table {
        let token = signer.mint("partner", &actor);
        assert_eq!(refused(&ids, &token, now), expected, "{} names {actor:?}", signer.role());
        if expected.is_none() {
            let caller = ids.verifier().verify(&token).unwrap();
            assert_eq!((caller.issuer.as_str(), caller.actor), (signer.role(), actor));
        }
    }
}

#[test]
fn a_token_holds_for_its_minute_and_its_audience() {
    let ids = Identities::new();
    let now = ids.clock.now();
    let token = ids.intake.mint_at("partner", &ids.intake.own_actor(), now);
    for (after, expected) in [
        (-60, Some("TOKEN_EXPIRED")),
        (-4, None),
        (0, None),
        (59, None),
        (60, Some("TOKEN_EXPIRED")),
        (86_400, Some("TOKEN_EXPIRED")),
    ] {
        assert_eq!(refused(&ids, &token, now + TimeDelta::seconds(after)), expected, "{after} s");
    }
    let elsewhere = ids.intake.mint_at("catalog", &ids.intake.own_actor(), now);
    assert_eq!(refused(&ids, &elsewhere, now), Some("TOKEN_WRONG_AUDIENCE"));
}

#[test]
fn a_token_that_was_verified_before_still_expires() {
    let ids = Identities::new();
    let verifier = ids.verifier();
    let token = ids.intake.mint("partner", &ids.intake.own_actor());
    let now = ids.clock.now();
    assert!(verifier.verify_at(&token, now).is_ok());
    assert!(verifier.verify_at(&token, now + TimeDelta::seconds(59)).is_ok());
    let late = verifier.verify_at(&token, now + TimeDelta::seconds(60)).unwrap_err();
    assert_eq!(late.reason().id, "TOKEN_EXPIRED");
}

#[test]
fn a_foreign_or_altered_token_is_no_token() {
    let ids = Identities::new();
    let now = ids.clock.now();
    let clock = Arc::new(ids.clock.clone());
    let stranger = Signer::from_text("intake", &generate().unwrap().private_pem, clock.clone()).unwrap();
    let unknown = Signer::from_text("billing", &generate().unwrap().private_pem, clock).unwrap();
    let good = ids.intake.mint("partner", &ids.intake.own_actor());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, body) = signed.split_once('.').unwrap();
    let text = |part: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let desk = URL_SAFE_NO_PAD.encode(text(body).replace("intake", "desk"));
    let longer = URL_SAFE_NO_PAD.encode(text(body).replace(r#""exp":"#, r#""exp":9"#));
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let tokens = [
        String::new(),
        "x".into(),
        "a.b.c".into(),
        stranger.mint("partner", &stranger.own_actor()),
        unknown.mint("partner", &unknown.own_actor()),
        format!("{header}.{desk}.{signature}"),
        format!("{header}.{longer}.{signature}"),
        format!("{none}.{body}.{signature}"),
        format!("{none}.{body}."),
        format!("{header}.{body}."),
        format!("{header}.{body}"),
        format!("{good}.{signature}"),
        format!("{good}="),
        "a".repeat(100_000),
    ];
    for token in tokens {
        assert_eq!(refused(&ids, &token, now), Some("UNAUTHENTICATED"), "{:.80}", token);
    }
    assert_eq!(refused(&ids, &good, now), None);
}

#[test]
fn duties_that_this_build_does_not_know_count_as_none() {
    assert_eq!(Duty::from_code("emperor"), None);
    for duty in Duty::ALL {
        assert_eq!(Duty::from_code(duty.code()), Some(duty));
    }
}

#[test]
fn a_ring_is_read_as_it_is_written_with_one_key_or_two() {
    let (first, second) = (generate().unwrap(), generate().unwrap());
    let mut ring = KeyRing::default();
    ring.insert("intake", &first.public_key).unwrap();
    ring.insert("desk", &first.public_key).unwrap();
    ring.insert("desk", &second.public_key).unwrap();
    assert_eq!(KeyRing::from_json(&ring.to_json()).unwrap(), ring);

    let clock: Arc<dyn kernel::Clock> = Arc::new(kernel::SystemClock);
    let verifier = rpc::identity::Verifier::new("partner", ring, Arc::clone(&clock));
    for key in [&first, &second] {
        let signer = Signer::from_text("desk", &key.private_pem, Arc::clone(&clock)).unwrap();
        assert!(verifier.verify(&signer.mint("partner", &clerk())).is_ok(), "both keys hold during a change");
    }
    for text in ["", "[]", r#"{"desk": 1}"#, r#"{"desk": "short"}"#, r#"{"desk": ["AAAA"]}"#] {
        assert!(KeyRing::from_json(text).is_err(), "{text}");
    }
}

#[test]
fn a_private_key_is_read_as_pem_and_as_base64() {
    let key = generate().unwrap();
    let clock: Arc<dyn kernel::Clock> = Arc::new(kernel::SystemClock);
    let pem = Signer::from_text("intake", &key.private_pem, Arc::clone(&clock)).unwrap();
    assert_eq!(pem.public_key(), key.public_key);
    let bare: String = key.private_pem.lines().filter(|line| !line.starts_with('-')).collect();
    let base64 = Signer::from_text("intake", &format!("{bare}\n"), Arc::clone(&clock)).unwrap();
    assert_eq!(base64.public_key(), key.public_key);
    for text in ["", "secret", &STANDARD.encode([7; 48]), "-----BEGIN PRIVATE KEY-----\nAAAA\n"] {
        let error = Signer::from_text("intake", text, Arc::clone(&clock)).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("secret"), "{error:?}");
    }
    assert!(!format!("{pem:?} {key:?}").contains(&bare[20..40]));
}
