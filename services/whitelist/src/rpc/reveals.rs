//! Reveal, ListReveals: what every other answer masks, for a reason, on record for good.

use kernel::{EnterpriseId, Fen, RevealId};
use proto::whitelist::v1 as wire;
use rpc::{
    Fault,
    audit::{self, Entry},
    check::{Checker, page_token},
};
use tonic::{Request, Response};

use super::{profile, refusals::not_found, service::Face, wire as outgoing};
use crate::{
    domain::{
        asset::IpAsset,
        enterprise::Enterprise,
        ownership::Party,
        profile::{Contact, Personal},
        reveal::{REASON_MAX, REASON_MIN, Reveal, RevealField},
    },
    reasons,
    store::{assets, enterprises, reveals},
};

/// Reveals on a page unless the caller says otherwise, and at most.
const PAGE: i32 = 100;
const PAGE_MAX: i32 = 1000;

/// The log comes first: what cannot be logged is not shown.
pub(super) async fn reveal(
    face: &Face,
    request: Request<wire::RevealRequest>,
) -> Result<Response<wire::RevealResponse>, Fault> {
    let caller = rpc::caller(&request)?.clone();
    let form = request.get_ref();
    let mut check = Checker::new();
    let id = check.id::<EnterpriseId>("enterprise_id", &form.enterprise_id);
    let fields = check
        .count("fields", form.fields.len(), 1..=RevealField::ALL.len())
        .and_then(|max| check.codes("fields", &form.fields, max, RevealField::from_number));
    let reason = check.note("reason", &form.reason, REASON_MAX).and_then(|reason| {
        let enough = Some(reason).filter(|reason| reason.chars().count() >= REASON_MIN);
        super::enterprises::or_refuse(&mut check, "reason", enough, &reasons::REVEAL_REASON_MISSING)
    });
    let (id, fields, reason) = check.all((id, fields, reason))?;

    let now = face.clock.now();
    let mut tx = face.pool.begin().await?;
    let enterprise = enterprises::find(&mut tx, id).await?.ok_or_else(|| not_found("enterprise_id"))?;
    let parties = match fields.contains(&RevealField::AssetParties) {
        true => assets::list_of_many(&mut tx, &[id]).await?,
        false => Vec::new(),
    };
    let reveal = Reveal {
        id: RevealId::new(now, &mut rand::rng()),
        enterprise_id: id,
        fields,
        reason,
        actor: caller.audit_name(),
        at: now,
    };
    reveals::insert(&mut tx, &reveal).await?;
    let entry = Entry {
        action: "REVEAL",
        object_kind: "enterprise",
        object_id: id.uuid(),
        purpose: super::PURPOSE,
        result: super::DONE,
    };
    audit::record(&mut tx, &caller, now, &entry).await?;
    tx.commit().await?;
    tracing::info!(reveal = %reveal.id, "data was revealed");
    Ok(Response::new(shown(&reveal, &enterprise, &parties)))
}

fn shown(reveal: &Reveal, enterprise: &Enterprise, parties: &[IpAsset]) -> wire::RevealResponse {
    let mut shown = wire::RevealResponse { reveal_id: reveal.id.to_string(), ..Default::default() };
    let known = &enterprise.profile;
    for field in &reveal.fields {
        match field {
            RevealField::LegalRep => shown.legal_rep = text(known.legal_rep.as_ref()),
            RevealField::Contacts => shown.contacts = known.contacts.iter().map(contact).collect(),
            RevealField::Financials => {
                let all = |amount: Fen| Some(amount.get());
                shown.accounts = known.accounts.as_ref().map(|accounts| profile::years(accounts, all));
                shown.total_assets_fen = known.total_assets.map(Fen::get);
                shown.total_liabilities_fen = known.total_liabilities.map(Fen::get);
            }
            RevealField::Uscc => shown.uscc = enterprise.uscc.as_str().to_owned(),
            RevealField::AssetParties => shown.asset_parties = parties.iter().map(asset_parties).collect(),
        }
    }
    shown
}

fn text(personal: Option<&Personal>) -> String {
    personal.map(|personal| personal.reveal().to_owned()).unwrap_or_default()
}

fn contact(contact: &Contact) -> wire::Contact {
    wire::Contact {
        name: contact.name.reveal().to_owned(),
        phone: text(contact.phone.as_ref()),
        email: text(contact.email.as_ref()),
    }
}

fn asset_parties(asset: &IpAsset) -> wire::AssetParties {
    let owner = |party: &Party, share_bp| wire::AssetOwner {
        uscc: party.uscc().map(|uscc| uscc.as_str().to_owned()).unwrap_or_default(),
        name: text(party.name()),
        share_bp,
    };
    wire::AssetParties {
        asset_id: asset.id.to_string(),
        owners: asset.owners.named().iter().map(|one| owner(&one.party, one.share.get())).collect(),
        acquired_from: text(asset.detail.acquired_from.as_ref()),
    }
}

pub(super) async fn list(
    face: &Face,
    request: Request<wire::ListRevealsRequest>,
) -> Result<Response<wire::ListRevealsResponse>, Fault> {
    let form = request.get_ref();
    let mut check = Checker::new();
    let id = match form.enterprise_id.as_str() {
        "" => Some(None),
        id => check.id::<EnterpriseId>("enterprise_id", id).map(Some),
    };
    let size = check.page_size(form.page_size, PAGE, PAGE_MAX);
    let before = check.page_token::<RevealId>(&form.page_token);
    let (id, size, before) = check.all((id, size, before))?;

    let mut conn = face.pool.acquire().await?;
    let mut found = reveals::list(&mut conn, id, before, i64::from(size) + 1).await?;
    let size = usize::try_from(size).unwrap_or_default();
    let more = found.len() > size;
    found.truncate(size);
    let next = found.last().filter(|_| more).map(|reveal| page_token(&reveal.id));
    let record = |reveal: &Reveal| wire::RevealRecord {
        reveal_id: reveal.id.to_string(),
        enterprise_id: reveal.enterprise_id.to_string(),
        fields: reveal.fields.iter().map(|field| field.number()).collect(),
        reason: reveal.reason.clone(),
        actor: reveal.actor.clone(),
        revealed_at: Some(outgoing::timestamp(reveal.at)),
    };
    Ok(Response::new(wire::ListRevealsResponse {
        reveals: found.iter().map(record).collect(),
        next_page_token: next.unwrap_or_default(),
    }))
}
