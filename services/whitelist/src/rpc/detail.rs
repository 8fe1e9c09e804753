//! What else is known of an asset: read from the contract and written to it, with what it comes to today.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use kernel::{BasisPoints, IpType, Uscc, privacy, trademark::NiceClass};
use proto::whitelist::v1 as wire;
use rpc::check::Checker;

use super::{
    enterprises::{or_refuse, uscc},
    profile::{count, personal},
};
use crate::{
    domain::{
        asset::{COUNT_MAX, Detail, HighValue, IPC_MAX, IpAsset, PRODUCT_MAX},
        legal::{Ending, LegalCode, LegalEvent, REFERENCE_MAX},
        ownership::{OWNERS_MAX, Owners, OwnersError, Party},
        profile::Personal,
    },
    reasons,
};

/// Most events in one request.
pub(super) const EVENTS_MAX: usize = 200;

/// Reads what a right of `kind` may have; `today` in Asia/Shanghai.
pub(super) fn read(
    check: &mut Checker,
    given: &wire::AssetDetail,
    kind: Option<IpType>,
    today: NaiveDate,
) -> Option<Detail> {
    let inventors = count(check, "inventors_count", given.inventors_count, COUNT_MAX);
    let first_use = check.optional_date("first_use_date", &given.first_use_date);
    let created_on = check.optional_date("creation_date", &given.creation_date);
    let renewed_to = check.optional_date("renewed_to", &given.renewed_to);
    let annuity_paid_to = check.optional_date("annuity_paid_to", &given.annuity_paid_to);
    let ipc_main = text(check, "ipc_main", &given.ipc_main, IPC_MAX);
    let nice_class = match given.nice_class {
        0 => Some(None),
        class => or_refuse(check, "nice_class", NiceClass::new(class), &rpc::reasons::NUMBER_OUT_OF_RANGE)
            .map(Some),
    };
    let product_link = text(check, "product_link", &given.product_link, PRODUCT_MAX);
    let revenue_share = count(check, "revenue_share_bp", given.revenue_share_bp, BasisPoints::WHOLE.get());
    let family_size = count(check, "family_size", given.family_size, COUNT_MAX);
    let citations = count(check, "citations", given.citations, COUNT_MAX);
    let high_value =
        check.codes("high_value", &given.high_value, HighValue::ALL.len(), HighValue::from_number);
    let acquired_from = personal(check, "acquired_from", &given.acquired_from);
    let acquired_on = check.optional_date("acquired_on", &given.acquired_on);
    let detail = Detail {
        inventors: inventors?,
        first_use: first_use?,
        created_on: created_on?,
        renewed_to: renewed_to?,
        annuity_paid_to: annuity_paid_to?,
        ipc_main: ipc_main?,
        nice_class: nice_class?,
        product_link: product_link?,
        revenue_share: revenue_share?.map(BasisPoints::new),
        family_size: family_size?,
        citations: citations?,
        litigation_proven: given.litigation_proven,
        high_value: high_value?.into_iter().collect::<BTreeSet<_>>(),
        acquired_from: acquired_from?,
        acquired_on: acquired_on?,
    };
    if let Some(field) = detail.misplaced(kind?) {
        check.refuse(field, &reasons::FIELD_NOT_OF_TYPE);
        return None;
    }
    if let Some(field) = detail.in_future(today) {
        check.refuse(field, &reasons::DATE_IN_FUTURE);
        return None;
    }
    Some(detail)
}

fn text(check: &mut Checker, field: &str, value: &str, max: usize) -> Option<Option<String>> {
    let text = check.optional_text(field, value, max)?;
    Some((!text.is_empty()).then_some(text))
}

/// Reads who owns it.
pub(super) fn owners(check: &mut Checker, given: &[wire::AssetOwner]) -> Option<Owners> {
    check.count("owners", given.len(), 0..=OWNERS_MAX)?;
    let each = given.iter().enumerate();
    let read: Vec<_> = each
        .map(|(n, owner)| {
            check.within(format!("owners[{n}]"), |check| {
                let party = party(check, &owner.uscc, &owner.name);
                let share = check.number("share_bp", owner.share_bp, 0..=BasisPoints::WHOLE.get());
                Some((party?, share.map(|share| (share > 0).then_some(share))?))
            })
        })
        .collect();
    match Owners::new(read.into_iter().collect::<Option<_>>()?) {
        Ok(owners) => Some(owners),
        Err(error) => {
            check.refuse(
                "owners",
                match error {
                    OwnersError::Repeated => &rpc::reasons::FIELD_REPEATED,
                    OwnersError::SharesNotWhole => &reasons::OWNER_SHARES_NOT_WHOLE,
                },
            );
            None
        }
    }
}

/// Somebody by code, by name, or both; nobody at all is refused.
pub(super) fn party(check: &mut Checker, code: &str, name: &str) -> Option<Party> {
    let name = personal(check, "name", name);
    if code.trim().is_empty() {
        return or_refuse(check, "uscc", name?, &rpc::reasons::FIELD_REQUIRED).map(Party::Named);
    }
    let uscc = uscc(check, "uscc", code);
    Some(Party::Coded { uscc: uscc?, name: name? })
}

/// Reads what happened; `today` in Asia/Shanghai.
pub(super) fn events(
    check: &mut Checker,
    field: &str,
    given: &[wire::LegalEvent],
    today: NaiveDate,
) -> Option<Vec<LegalEvent>> {
    check.list(&field, given, 0..=EVENTS_MAX, |check, path, event| {
        check.within(path, |check| {
            let code = LegalCode::parse(&event.code);
            let code = or_refuse(check, "code", code, &reasons::LEGAL_CODE_UNKNOWN);
            let on = check.date("on", &event.on);
            let on = on.and_then(|on| {
                or_refuse(check, "on", Some(on).filter(|on| *on <= today), &reasons::DATE_IN_FUTURE)
            });
            let reference = check.optional_text("reference", &event.reference, REFERENCE_MAX);
            Some(LegalEvent { code: code?, on: on?, reference: reference? })
        })
    })
}

/// As everybody may see it who may see the asset: people masked.
pub(super) fn masked(asset: &IpAsset) -> wire::AssetDetail {
    let detail = &asset.detail;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    wire::AssetDetail {
        inventors_count: detail.inventors,
        first_use_date: date(detail.first_use),
        creation_date: date(detail.created_on),
        renewed_to: date(detail.renewed_to),
        annuity_paid_to: date(detail.annuity_paid_to),
        ipc_main: text(&detail.ipc_main),
        nice_class: detail.nice_class.map_or(0, |class| i32::from(class.get())),
        product_link: text(&detail.product_link),
        revenue_share_bp: detail.revenue_share.map(BasisPoints::get),
        family_size: detail.family_size,
        citations: detail.citations,
        litigation_proven: detail.litigation_proven,
        high_value: detail.high_value.iter().map(|ground| ground.number()).collect(),
        acquired_from: hidden(detail.acquired_from.as_ref()),
        acquired_on: date(detail.acquired_on),
    }
}

pub(super) fn owners_masked(asset: &IpAsset) -> Vec<wire::AssetOwner> {
    let named = asset.owners.named().iter();
    named
        .map(|owner| {
            let (code, name) = match &owner.party {
                Party::Named(name) => (String::new(), privacy::name(name.reveal())),
                Party::Coded { uscc, name } => (privacy::uscc(uscc), firm_name(uscc, name.as_ref())),
            };
            wire::AssetOwner { uscc: code, name, share_bp: owner.share.get() }
        })
        .collect()
}

/// The name of who has a code is that of a firm, unless the code is a sole trader's.
fn firm_name(uscc: &Uscc, name: Option<&Personal>) -> String {
    if uscc.is_personal() {
        hidden(name)
    } else {
        name.map(|name| name.reveal().to_owned()).unwrap_or_default()
    }
}

fn hidden(name: Option<&Personal>) -> String {
    name.map(|name| privacy::name(name.reveal())).unwrap_or_default()
}

pub(super) fn event(event: &LegalEvent) -> wire::LegalEvent {
    wire::LegalEvent {
        code: event.code.code().to_owned(),
        on: event.on.to_string(),
        reference: event.reference.clone(),
    }
}

/// What everything that is known comes to on `today`.
pub(super) fn status(asset: &IpAsset, today: NaiveDate) -> wire::AssetStatus {
    let annuity = asset.annuity(today);
    let state = asset.legal_state(today);
    wire::AssetStatus {
        expiry: date(asset.term_ends()),
        annuity_due: date(annuity.due),
        annuity_status: annuity.status.number(),
        annuity_surcharge_bp: annuity.surcharge.get(),
        in_force: asset.is_in_force(today),
        pledged: state.pledged,
        preserved: state.preserved,
        licensed: state.licensed,
        disputed: state.disputed,
        invalidation_open: state.invalidation_open,
        transferred_on: date(state.transferred_on),
        ended: state.ended.map(|(ending, _)| ended(ending).to_owned()).unwrap_or_default(),
        ended_on: date(state.ended.map(|(_, on)| on)),
    }
}

fn ended(ending: Ending) -> &'static str {
    match ending {
        Ending::Invalidated => "INVALIDATED",
        Ending::InvalidatedInPart => "INVALIDATED_IN_PART",
        Ending::TerminatedUnpaid => "TERMINATED_UNPAID",
        Ending::TermEnded => "TERM_ENDED",
    }
}

fn date(day: Option<NaiveDate>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}
