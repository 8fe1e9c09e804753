//! Who may call which method. A method that is not listed is not served.

use crate::caller::{Actor, Caller, Duty};

/// Someone who may call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allow {
    /// This role, on its own account.
    Role(&'static str),
    /// Any role, on its own account.
    AnyRole,
    /// Staff with at least one of these duties.
    Staff(&'static [Duty]),
    /// Any institution; which of its objects it may touch is the handler's question.
    Institution,
}

impl Allow {
    /// Whether this lets `caller` in.
    pub fn admits(&self, caller: &Caller) -> bool {
        match (self, &caller.actor) {
            (Self::Role(name), Actor::Role(caller)) => name == caller,
            (Self::AnyRole, Actor::Role(_)) | (Self::Institution, Actor::Institution { .. }) => true,
            (Self::Staff(wanted), Actor::Staff { duties, .. }) => {
                duties.iter().any(|duty| wanted.contains(duty))
            }
            (Self::Role(_) | Self::AnyRole, Actor::Staff { .. } | Actor::Institution { .. })
            | (Self::Staff(_), Actor::Role(_) | Actor::Institution { .. })
            | (Self::Institution, Actor::Role(_) | Actor::Staff { .. }) => false,
        }
    }
}

/// One served method and who may call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodPolicy {
    /// `/zhirong.intake.v1.IntakeService/SubmitApplication`
    pub method: &'static str,
    pub allow: &'static [Allow],
}

#[cfg(test)]
mod tests {
    use kernel::{InstitutionId, InstitutionRole};

    use super::*;

    #[test]
    fn each_rule_admits_its_own_kind_only() {
        let role = |name: &str| Caller { issuer: name.into(), actor: Actor::Role(name.into()) };
        let staff = |duties: &[Duty]| Caller {
            issuer: "desk".into(),
            actor: Actor::Staff { id: "s1".into(), duties: duties.to_vec() },
        };
        let bank = Caller {
            issuer: "partner".into(),
            actor: Actor::Institution {
                id: InstitutionId::from_uuid(uuid::Uuid::from_u128(1)),
                role: InstitutionRole::Bank,
                person: None,
            },
        };
        const CLERKS: Allow = Allow::Staff(&[Duty::Clerk, Duty::Supervisor]);
        let table = [
            (Allow::Role("intake"), role("intake"), true),
            (Allow::Role("intake"), role("partner"), false),
            (Allow::AnyRole, role("partner"), true),
            (Allow::AnyRole, staff(&Duty::ALL), false),
            (Allow::AnyRole, bank.clone(), false),
            (CLERKS, staff(&[Duty::Clerk]), true),
            (CLERKS, staff(&[Duty::Regulator, Duty::Supervisor]), true),
            (CLERKS, staff(&[Duty::Regulator]), false),
            (CLERKS, staff(&[]), false),
            (CLERKS, role("desk"), false),
            (Allow::Institution, bank, true),
            (Allow::Institution, role("partner"), false),
            (Allow::Institution, staff(&Duty::ALL), false),
        ];
        for (allow, caller, admitted) in table {
            assert_eq!(allow.admits(&caller), admitted, "{allow:?} for {caller:?}");
        }
    }
}
