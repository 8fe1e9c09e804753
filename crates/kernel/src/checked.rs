//! A value that was read, together with doubts that do not refuse it.

/// A value and what is doubtful about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked<T> {
    /// The value in its one written form.
    pub value: T,
    /// What a person should look at. Empty when nothing is doubtful.
    pub warnings: Vec<Warning>,
}

impl<T> Checked<T> {
    /// A value without doubt.
    pub(crate) const fn sure(value: T) -> Self {
        Self { value, warnings: Vec::new() }
    }

    /// A value with one doubt, if it holds.
    pub(crate) fn doubted(value: T, doubt: Option<Warning>) -> Self {
        Self { value, warnings: doubt.into_iter().collect() }
    }

    /// The same doubts about another form of the value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Checked<U> {
        Checked { value: change(self.value), warnings: self.warnings }
    }
}

/// A doubt that does not refuse the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Warning {
    /// The old organisation code within a USCC fails its own check (GB 11714).
    OrganisationCodeCheck,
    /// The check digit of an IC layout number does not come out; the rule was found, not published.
    LayoutCheckDigit,
    /// The number has no form that could be checked; it was taken as text.
    FreeText,
}

impl Warning {
    /// The warning's code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OrganisationCodeCheck => "ORGANISATION_CODE_CHECK",
            Self::LayoutCheckDigit => "LAYOUT_CHECK_DIGIT",
            Self::FreeText => "FREE_TEXT",
        }
    }

    /// What to tell a person.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::OrganisationCodeCheck => "主体标识码校验不符，请对照营业执照核对统一社会信用代码",
            Self::LayoutCheckDigit => "布图设计登记号校验位不符，请对照证书核对",
            Self::FreeText => "该类编号无固定格式，请对照证书核对",
        }
    }
}
