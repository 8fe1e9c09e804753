//! What else is known of an enterprise: read from the contract, and written to it without anything personal and without
//! amounts.

use chrono::NaiveDate;
use kernel::{Fen, privacy};
use proto::whitelist::v1 as wire;
use rpc::check::Checker;

use super::enterprises::or_refuse;
use crate::{
    domain::{
        enterprise::{NAME_MAX, Name},
        profile::{
            AMOUNT_MAX, Accounts, CONTACTS_MAX, Contact, FORMER_NAMES_MAX, PERSONAL_MAX, Personal, Profile,
            ProfileError, STAFF_MAX, TaxGrade, YEARS,
        },
    },
    reasons,
};

/// Reads a profile; `today` in Asia/Shanghai.
pub(super) fn read(
    check: &mut Checker,
    given: &wire::EnterpriseProfile,
    today: NaiveDate,
) -> Option<Profile> {
    let former_names =
        check.count("former_names", given.former_names.len(), 0..=FORMER_NAMES_MAX).and_then(|_| {
            let each = given.former_names.iter().enumerate();
            let names: Vec<_> =
                each.map(|(n, name)| former_name(check, &format!("former_names[{n}]"), name)).collect();
            names.into_iter().collect::<Option<Vec<_>>>()
        });
    let established_on = check.optional_date("established_on", &given.established_on);
    let reg_capital = amount(check, "reg_capital_fen", given.reg_capital_fen, 0);
    let legal_rep = personal(check, "legal_rep", &given.legal_rep);
    let contacts = contacts(check, &given.contacts);
    let staff = count(check, "staff", given.staff, STAFF_MAX);
    let rd_staff = count(check, "rd_staff", given.rd_staff, STAFF_MAX);
    let accounts = match &given.accounts {
        None => Some(None),
        Some(given) => accounts(check, given),
    };
    let total_assets = amount(check, "total_assets_fen", given.total_assets_fen, 0);
    let total_liabilities = amount(check, "total_liabilities_fen", given.total_liabilities_fen, 0);
    let tax_grade = match given.tax_grade {
        0 => Some(None),
        number => check.code("tax_grade", number, TaxGrade::from_number).map(Some),
    };
    let profile = Profile {
        former_names: former_names?,
        established_on: established_on?,
        reg_capital: reg_capital?,
        legal_rep: legal_rep?,
        contacts: contacts?,
        staff: staff?,
        rd_staff: rd_staff?,
        accounts: accounts?,
        total_assets: total_assets?,
        total_liabilities: total_liabilities?,
        tax_grade: tax_grade?,
        platform_link: given.platform_link,
    };
    consistent(check, &profile, today).then_some(profile)
}

/// What one field cannot tell of itself.
pub(super) fn consistent(check: &mut Checker, profile: &Profile, today: NaiveDate) -> bool {
    match profile.check(today) {
        Ok(()) => true,
        Err(error) => {
            let (field, reason) = of_profile(error);
            check.refuse(field, reason);
            false
        }
    }
}

fn of_profile(error: ProfileError) -> (&'static str, &'static rpc::Reason) {
    match error {
        ProfileError::EstablishedInFuture => ("established_on", &reasons::DATE_IN_FUTURE),
        ProfileError::MoreResearchersThanStaff => ("rd_staff", &reasons::RD_STAFF_EXCEEDS_STAFF),
        ProfileError::AccountsYear => ("accounts", &reasons::ACCOUNTS_YEAR_INVALID),
        ProfileError::NegativeAccounts => ("accounts", &rpc::reasons::NUMBER_OUT_OF_RANGE),
    }
}

fn former_name(check: &mut Checker, field: &str, text: &str) -> Option<Name> {
    let name = check.text(field, text, NAME_MAX)?;
    or_refuse(check, field, Name::parse(&name), &rpc::reasons::FIELD_INVALID)
}

/// An amount from `least` on, or none.
fn amount(check: &mut Checker, field: &str, fen: Option<i64>, least: i64) -> Option<Option<Fen>> {
    match fen {
        None => Some(None),
        Some(fen) => check.number(field, fen, least..=AMOUNT_MAX).map(|fen| Some(Fen::new(fen))),
    }
}

pub(super) fn count(check: &mut Checker, field: &str, count: Option<i32>, max: i32) -> Option<Option<i32>> {
    match count {
        None => Some(None),
        Some(count) => check.number(field, count, 0..=max).map(Some),
    }
}

/// A personal datum, or an empty text for none.
pub(super) fn personal(check: &mut Checker, field: &str, text: &str) -> Option<Option<Personal>> {
    let text = check.optional_text(field, text, PERSONAL_MAX)?;
    if text.is_empty() {
        return Some(None);
    }
    or_refuse(check, field, Personal::parse(&text), &rpc::reasons::FIELD_INVALID).map(Some)
}

fn contacts(check: &mut Checker, given: &[wire::Contact]) -> Option<Vec<Contact>> {
    check.count("contacts", given.len(), 0..=CONTACTS_MAX)?;
    let each = given.iter().enumerate();
    let read: Vec<_> = each
        .map(|(n, contact)| {
            check.within(format!("contacts[{n}]"), |check| {
                let name = personal(check, "name", &contact.name)
                    .and_then(|name| or_refuse(check, "name", name, &rpc::reasons::FIELD_REQUIRED));
                let phone = personal(check, "phone", &contact.phone);
                let email = personal(check, "email", &contact.email);
                Some(Contact { name: name?, phone: phone?, email: email? })
            })
        })
        .collect();
    read.into_iter().collect()
}

/// The latest year first and each the one before; no year at all is no accounts.
fn accounts(check: &mut Checker, given: &wire::Accounts) -> Option<Option<Accounts>> {
    check.count("accounts.years", given.years.len(), 0..=YEARS)?;
    let Some(latest) = given.years.first() else { return Some(None) };
    let mut read = Accounts::empty(latest.year);
    let mut whole = Some(());
    for (place, year) in given.years.iter().enumerate() {
        let expected = i32::try_from(place).ok().and_then(|place| latest.year.checked_sub(place));
        if expected != Some(year.year) {
            check.refuse(format!("accounts.years[{place}].year"), &reasons::ACCOUNTS_YEAR_INVALID);
            whole = None;
        }
        check.within(format!("accounts.years[{place}]"), |check| {
            for (slots, field, fen, least) in [
                (&mut read.revenue, "revenue_fen", year.revenue_fen, 0),
                (&mut read.rd_spend, "rd_spend_fen", year.rd_spend_fen, 0),
                (&mut read.net_profit, "net_profit_fen", year.net_profit_fen, -AMOUNT_MAX),
            ] {
                match (amount(check, field, fen, least), slots.get_mut(place)) {
                    (Some(amount), Some(slot)) => *slot = amount,
                    _ => whole = None,
                }
            }
        });
    }
    whole.map(|()| Some(read))
}

/// As everybody may see it who may see the enterprise: people masked, amounts left out.
pub(super) fn masked(profile: &Profile) -> wire::EnterpriseProfile {
    let hidden = |value: &Option<Personal>, mask: fn(&str) -> String| {
        value.as_ref().map(|value| mask(value.reveal())).unwrap_or_default()
    };
    wire::EnterpriseProfile {
        former_names: profile.former_names.iter().map(|name| name.as_str().to_owned()).collect(),
        established_on: profile.established_on.map(|day| day.to_string()).unwrap_or_default(),
        reg_capital_fen: profile.reg_capital.map(Fen::get),
        legal_rep: hidden(&profile.legal_rep, privacy::name),
        contacts: profile
            .contacts
            .iter()
            .map(|contact| wire::Contact {
                name: privacy::name(contact.name.reveal()),
                phone: hidden(&contact.phone, privacy::phone),
                email: hidden(&contact.email, privacy::email),
            })
            .collect(),
        staff: profile.staff,
        rd_staff: profile.rd_staff,
        accounts: profile.accounts.as_ref().map(|accounts| years(accounts, |_| None)),
        total_assets_fen: None,
        total_liabilities_fen: None,
        tax_grade: profile.tax_grade.map_or(0, TaxGrade::number),
        platform_link: profile.platform_link,
    }
}

/// Years of which something is known; `shown` decides on each amount.
pub(super) fn years(accounts: &Accounts, shown: impl Fn(Fen) -> Option<i64>) -> wire::Accounts {
    let columns = accounts.revenue.iter().zip(&accounts.rd_spend).zip(&accounts.net_profit);
    let years = (0..)
        .zip(columns)
        .map(|(ago, ((revenue, rd_spend), net_profit))| wire::AccountsYear {
            year: accounts.year - ago,
            revenue_fen: revenue.and_then(&shown),
            rd_spend_fen: rd_spend.and_then(&shown),
            net_profit_fen: net_profit.and_then(&shown),
        })
        .collect();
    wire::Accounts { years }
}
