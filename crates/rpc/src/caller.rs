//! Who calls: the role that signed the token and the actor that it names.

use kernel::{InstitutionId, InstitutionRole};

use crate::Fault;
use crate::reasons;

/// Who stands behind a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// One of our own roles, on its own account.
    Role(String),
    /// A person of the service centre, by account id; only `desk` may name one.
    Staff { id: String, duties: Vec<Duty> },
    /// An institution; only `partner` may name one. `person` is the staff number that the institution gave.
    Institution { id: InstitutionId, role: InstitutionRole, person: Option<String> },
}

/// What a person of the service centre may do (`domain.md` §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Duty {
    /// 窗口人员
    Clerk,
    /// 业务主管
    Supervisor,
    /// 监管人员
    Regulator,
    /// 运维人员
    Operator,
    /// 系统管理员
    Administrator,
}

impl Duty {
    /// Every duty.
    pub const ALL: [Self; 5] =
        [Self::Clerk, Self::Supervisor, Self::Regulator, Self::Operator, Self::Administrator];

    /// The duty's code in tokens and on the command line.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Clerk => "clerk",
            Self::Supervisor => "supervisor",
            Self::Regulator => "regulator",
            Self::Operator => "operator",
            Self::Administrator => "administrator",
        }
    }

    /// The duty with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|duty| duty.code() == code)
    }
}

/// An authenticated caller.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    /// The role that signed for the actor.
    pub issuer: String,
    pub actor: Actor,
}

impl Caller {
    /// The caller's stable name in audit rows, timelines and replays: `staff:…`, `role:…`, `institution:…`.
    /// An institution's person is not part of it: a colleague may repeat a request.
    pub fn audit_name(&self) -> String {
        match &self.actor {
            Actor::Role(name) => format!("role:{name}"),
            Actor::Staff { id, .. } => format!("staff:{id}"),
            Actor::Institution { id, .. } => format!("institution:{id}"),
        }
    }

    /// The institution that calls, if one does.
    pub fn institution(&self) -> Option<InstitutionId> {
        match &self.actor {
            Actor::Institution { id, .. } => Some(*id),
            Actor::Role(_) | Actor::Staff { .. } => None,
        }
    }

    /// The institution's acting person, if one is named.
    pub fn person(&self) -> Option<&str> {
        match &self.actor {
            Actor::Institution { person, .. } => person.as_deref(),
            Actor::Role(_) | Actor::Staff { .. } => None,
        }
    }
}

/// The caller of a request that passed the server's guard.
///
/// # Errors
/// `UNAUTHENTICATED` where no guard was passed, which is so for open methods only.
pub fn caller<T>(request: &tonic::Request<T>) -> Result<&Caller, Fault> {
    request.extensions().get::<Caller>().ok_or_else(|| Fault::new(&reasons::UNAUTHENTICATED))
}
