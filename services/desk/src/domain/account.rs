//! Staff accounts (工作人员账号) and which pages their duties open (domain.md §7).

use uuid::Uuid;

/// What a person of the service centre may do: the five duties of domain.md §7, by their codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

    /// Its code in the store and on the command line.
    #[must_use]
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
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|duty| duty.code() == code)
    }

    /// What people read.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Clerk => "窗口人员",
            Self::Supervisor => "业务主管",
            Self::Regulator => "监管人员",
            Self::Operator => "运维人员",
            Self::Administrator => "系统管理员",
        }
    }
}

/// A login name: a lower-case letter and up to 31 letters, digits, dots, dashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginName(String);

/// The text is no login name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a login name is a lower-case letter and 1 to 31 of a-z, 0-9, dot, dash, underscore")]
pub struct LoginError;

impl LoginName {
    /// Blanks around it and upper case are forgiven.
    ///
    /// # Errors
    /// If it has another form.
    pub fn parse(text: &str) -> Result<Self, LoginError> {
        let text = text.trim().to_ascii_lowercase();
        let mut bytes = text.bytes();
        let first = bytes.next().is_some_and(|byte| byte.is_ascii_lowercase());
        let rest = bytes.all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_')
        });
        if first && rest && (2..=32).contains(&text.len()) { Ok(Self(text)) } else { Err(LoginError) }
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An account as the store has it, without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: Uuid,
    pub login: String,
    /// What it is called on pages: a place or function, not a person.
    pub title: String,
    pub duties: Vec<Duty>,
    /// The password was given by somebody else.
    pub must_change: bool,
    pub disabled: bool,
}

/// Groups of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pages {
    /// 案件: names, amounts, offers.
    Cases,
    /// 统计: counts that name nobody.
    Figures,
    /// 运行: ids and codes only.
    Operations,
}

impl Pages {
    /// Whether one of `duties` opens them.
    #[must_use]
    pub fn open_to(self, duties: &[Duty]) -> bool {
        let wanted: &[Duty] = match self {
            Self::Cases => &[Duty::Clerk, Duty::Supervisor],
            Self::Figures => &[Duty::Clerk, Duty::Supervisor, Duty::Regulator, Duty::Administrator],
            Self::Operations => &[Duty::Operator, Duty::Administrator],
        };
        duties.iter().any(|duty| wanted.contains(duty))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_name_has_one_form() {
        for (text, name) in [("clerk1", Some("clerk1")), (" Window.2 ", Some("window.2")), ("ab", Some("ab"))]
        {
            assert_eq!(LoginName::parse(text).ok().as_ref().map(LoginName::as_str), name);
        }
        for text in ["", "a", "1a", "窗口", "a b", "-ab", &"a".repeat(33)] {
            assert_eq!(LoginName::parse(text), Err(LoginError), "{text}");
        }
    }

    #[test]
    fn duties_open_pages_as_the_access_table_says() {
        let table = [
            (Duty::Clerk, [true, true, false]),
            (Duty::Supervisor, [true, true, false]),
            (Duty::Regulator, [false, true, false]),
            (Duty::Operator, [false, false, true]),
            (Duty::Administrator, [false, true, true]),
        ];
        for (duty, open) in table {
            let seen = [Pages::Cases, Pages::Figures, Pages::Operations].map(|pages| pages.open_to(&[duty]));
            assert_eq!(seen, open, "{duty:?}");
        }
    }
}
