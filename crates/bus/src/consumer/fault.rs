//! Sorts what can go wrong while a batch is handled: is the database away, or is it this batch?

use sqlx::Error;

use super::HandlerError;
use crate::clockwork::fault_code;

/// Why an attempt at a batch came to nothing.
#[derive(Debug)]
pub(super) enum Fault {
    /// The database cannot do it now, whatever the messages are: hold the batch and try again for ever.
    Unavailable(String),
    /// Another transaction was in the way: at once again, some times.
    Conflict(String),
    /// Something about these messages: try them one by one, then later, then park.
    Failed(String),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::of_store(&error)
    }
}

impl From<HandlerError> for Fault {
    fn from(error: HandlerError) -> Self {
        match error {
            HandlerError::Store(error) => error.into(),
            HandlerError::NeedsTransaction => Self::Conflict("needs-transaction".to_owned()),
            HandlerError::Failed { code, source } => {
                // A store's error may come wrapped; then the database decides.
                match find_store_error(source.as_ref()) {
                    Some(store) => match Self::of_store(store) {
                        Self::Failed(fault) => Self::Failed(format!("{code} {fault}")),
                        other @ (Self::Unavailable(_) | Self::Conflict(_)) => other,
                    },
                    None => Self::Failed(format!("{code}: {source}")),
                }
            }
        }
    }
}

fn find_store_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(store) = error.downcast_ref::<Error>() {
            return Some(store);
        }
        next = error.source();
    }
    None
}

impl Fault {
    /// In doubt it is the batch: then the message is held by a statement of ours, which waits for the database.
    fn of_store(error: &Error) -> Self {
        let code = fault_code(error);
        match error {
            Error::Io(_)
            | Error::Tls(_)
            | Error::PoolTimedOut
            | Error::PoolClosed
            | Error::WorkerCrashed
            | Error::BeginFailed => Self::Unavailable(code),
            Error::Database(refusal) => {
                Self::of_sqlstate(refusal.code().as_deref().unwrap_or_default(), code)
            }
            _ => Self::Failed(code),
        }
    }

    /// Unavailable: connection trouble, resources, an operator's intervention, a standby that only reads. A cancelled
    /// statement (57014) is not among them: a statement that takes too long for its limit takes too long again.
    fn of_sqlstate(sqlstate: &str, code: String) -> Self {
        match sqlstate {
            "40001" | "40P01" | "55P03" => Self::Conflict(code),
            "57014" => Self::Failed(code),
            "25006" => Self::Unavailable(code),
            _ if matches!(sqlstate.get(..2), Some("08" | "53" | "57" | "58")) => Self::Unavailable(code),
            _ => Self::Failed(code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_database_is_waited_for_and_a_broken_rule_is_not() {
        let sort = |sqlstate: &str| Fault::of_sqlstate(sqlstate, String::new());
        for code in ["08006", "53300", "57P01", "57P03", "25006"] {
            assert!(matches!(sort(code), Fault::Unavailable(_)), "{code}");
        }
        for code in ["40001", "40P01", "55P03"] {
            assert!(matches!(sort(code), Fault::Conflict(_)), "{code}");
        }
        for code in ["23505", "22P02", "42P01", "42501", "P0001", "57014", ""] {
            assert!(matches!(sort(code), Fault::Failed(_)), "{code}");
        }
        assert!(matches!(Fault::from(Error::PoolTimedOut), Fault::Unavailable(_)));
        assert!(matches!(Fault::from(Error::RowNotFound), Fault::Failed(_)));
        let wrapped = HandlerError::failed("leg", Error::PoolClosed);
        assert!(matches!(Fault::from(wrapped), Fault::Unavailable(_)));
    }
}
