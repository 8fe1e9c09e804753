//! The register's records as rows of an export: personal data masked, accounts left out (domain.md §7).

use chrono::NaiveDate;
use kernel::privacy;

use super::{asset::GROUNDS, qualification::LEVELS};
use crate::{
    domain::{
        asset::IpAsset,
        enterprise::{Enterprise, QualificationHeld},
        legal::LegalEvent,
        ownership::{Owner, Party},
        profile::{Contact, Personal},
        term::AnnuityStatus,
    },
    store::files::reading::Listing,
};

type Cells = Vec<String>;

fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Yuan, exact.
fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    let fen = fen.unsigned_abs();
    format!("{sign}{}.{:02}", fen / 100, fen % 100)
}

fn percent(basis_points: i32) -> String {
    yuan(i64::from(basis_points))
}

fn yes_or_no(value: Option<bool>) -> String {
    value.map(|value| if value { "是" } else { "否" }).unwrap_or_default().to_owned()
}

/// A firm of one person is personal data (domain.md §2.6).
fn shown_uscc(enterprise: &Enterprise) -> String {
    if enterprise.uscc.is_personal() {
        privacy::uscc(&enterprise.uscc)
    } else {
        enterprise.uscc.as_str().to_owned()
    }
}

fn masked_name(name: &Personal) -> String {
    privacy::name(name.reveal())
}

pub(super) fn enterprise_cells(enterprise: &Enterprise) -> Cells {
    let profile = &enterprise.profile;
    let mut cells = vec![
        shown_uscc(enterprise),
        enterprise.name.as_str().to_owned(),
        enterprise.size.chinese().to_owned(),
        enterprise.industry.as_str().to_owned(),
        enterprise.park.as_str().to_owned(),
        enterprise.region.as_str().to_owned(),
        profile.former_names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join("；"),
        text(profile.established_on),
        profile.reg_capital.map(|fen| yuan(fen.get())).unwrap_or_default(),
    ];
    // Legal representative and contact: only masked, in columns of their own.
    cells.extend(std::iter::repeat_n(String::new(), 4));
    cells.push(text(profile.staff));
    cells.push(text(profile.rd_staff));
    // Year, three years of three accounts, assets and liabilities: only with consent, never in bulk.
    cells.extend(std::iter::repeat_n(String::new(), 12));
    cells.push(profile.tax_grade.map(|grade| grade.code().to_owned()).unwrap_or_default());
    cells.push(yes_or_no(profile.platform_link));
    cells.push(profile.legal_rep.as_ref().map(masked_name).unwrap_or_default());
    cells.push(profile.contacts.iter().map(contact).collect::<Vec<_>>().join("；"));
    cells
}

fn contact(contact: &Contact) -> String {
    let phone = contact.phone.as_ref().map(|phone| privacy::phone(phone.reveal()));
    let email = contact.email.as_ref().map(|email| privacy::email(email.reveal()));
    [Some(masked_name(&contact.name)), phone, email].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

pub(super) fn held_cells(enterprise: &Enterprise, held: &QualificationHeld) -> Cells {
    let level = LEVELS.iter().find(|(level, _)| Some(*level) == held.level).map(|(_, name)| *name);
    vec![
        shown_uscc(enterprise),
        held.code.chinese().to_owned(),
        held.number.clone(),
        level.unwrap_or_default().to_owned(),
        held.valid_from().to_string(),
        held.valid_to().to_string(),
    ]
}

pub(super) fn asset_cells(owner: &Enterprise, asset: &IpAsset, today: NaiveDate) -> Cells {
    let detail = &asset.detail;
    let annuity = asset.annuity(today);
    let grounds = detail.high_value.iter();
    let grounds = grounds.filter_map(|ground| GROUNDS.iter().find(|(known, _)| known == ground));
    // Owners without a name are firms: what is exported can come back. Names may be persons' and are masked.
    let named = asset.owners.named();
    let plain = named.iter().all(|owner| owner.party.name().is_none());
    let owners = |shown: fn(&Party) -> String| {
        let one = |owner: &Owner| format!("{}:{}%", shown(&owner.party), percent(owner.share.get()));
        named.iter().map(one).collect::<Vec<_>>().join("；")
    };
    let code = |party: &Party| party.uscc().map(|uscc| uscc.as_str().to_owned()).unwrap_or_default();
    let masked = |party: &Party| {
        party.name().map(masked_name).or_else(|| party.uscc().map(privacy::uscc)).unwrap_or_default()
    };
    vec![
        shown_uscc(owner),
        asset.kind.chinese().to_owned(),
        asset.number.value.as_str().to_owned(),
        asset.title.clone(),
        text(detail.nice_class.map(|class| class.get())),
        text(asset.dates.filed()),
        text(asset.dates.granted()),
        if plain { owners(code) } else { String::new() },
        text(detail.inventors),
        text(detail.first_use),
        text(detail.created_on),
        text(detail.renewed_to),
        text(detail.annuity_paid_to),
        detail.ipc_main.clone().unwrap_or_default(),
        detail.product_link.clone().unwrap_or_default(),
        detail.revenue_share.map(|share| percent(share.get())).unwrap_or_default(),
        text(detail.family_size),
        text(detail.citations),
        yes_or_no(detail.litigation_proven),
        grounds.map(|(_, name)| *name).collect::<Vec<_>>().join("；"),
        String::new(),
        text(detail.acquired_on),
        if plain { String::new() } else { owners(masked) },
        detail.acquired_from.as_ref().map(masked_name).unwrap_or_default(),
        text(asset.term_ends()),
        text(annuity.due),
        if annuity.status == AnnuityStatus::None { String::new() } else { annuity.status.code().to_owned() },
    ]
}

pub(super) fn event_cells(owner: &Enterprise, asset: &IpAsset, event: &LegalEvent) -> Cells {
    vec![
        shown_uscc(owner),
        asset.kind.chinese().to_owned(),
        asset.number.value.as_str().to_owned(),
        text(asset.detail.nice_class.map(|class| class.get())),
        event.code.code().to_owned(),
        event.on.to_string(),
        event.reference.clone(),
        asset.title.clone(),
        event.code.chinese().to_owned(),
    ]
}

pub(super) fn listing_cells(entry: Listing) -> Cells {
    let level = LEVELS.iter().find(|(level, _)| level.code() == entry.level).map_or("", |(_, name)| *name);
    vec![
        entry.uscc,
        entry.name,
        entry.list,
        level.to_owned(),
        entry.number,
        text(entry.valid_from),
        text(entry.valid_to),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_in_yuan_to_the_fen() {
        for (fen, wanted) in
            [(0, "0.00"), (5, "0.05"), (-12_345, "-123.45"), (i64::MIN, "-92233720368547758.08")]
        {
            assert_eq!(yuan(fen), wanted);
        }
    }
}
