//! What a consent may be about: purposes, categories of data, on what ground and how it was given.

/// A closed set: identifier, contract number, code.
macro_rules! scope {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $number:literal, $code:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$vdoc])* $variant = $number,)+
        }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            pub fn from_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.code() == code)
            }

            /// The number in the contract.
            pub fn number(self) -> i32 {
                self as i32
            }

            pub fn from_number(number: i32) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.number() == number)
            }
        }
    };
}

scope! {
    /// What a consent is for (目的).
    Purpose {
        /// 知识产权质押融资
        IpPledgeFinancing = 1, "IP_PLEDGE_FINANCING";
        /// 白名单信用筛查
        CreditScreening = 2, "CREDIT_SCREENING";
        /// 贷后管理
        PostLoan = 3, "POST_LOAN";
        /// 典型案例宣传
        CasePublication = 4, "CASE_PUBLICATION";
    }
}

scope! {
    /// What data a consent covers (数据类别).
    Category {
        /// 企业基本信息
        EnterpriseProfile = 1, "ENTERPRISE_PROFILE";
        /// 财务
        Financials = 2, "FINANCIALS";
        /// 信用
        Credit = 3, "CREDIT";
        /// 知识产权
        IpAssets = 4, "IP_ASSETS";
        /// 个人信息
        Personal = 5, "PERSONAL";
        /// 融资信息
        Loans = 6, "LOANS";
    }
}

scope! {
    /// On what ground the data may be used (合法性基础).
    LegalBasis {
        /// 书面授权
        WrittenConsent = 1, "WRITTEN_CONSENT";
        /// 个人信息单独同意
        SeparateConsent = 2, "SEPARATE_CONSENT";
        /// 征信查询授权
        CreditAuthorisation = 3, "CREDIT_AUTHORISATION";
    }
}

scope! {
    /// How it was given (授权渠道).
    Channel {
        /// 窗口纸质
        Paper = 1, "PAPER";
        /// 电子签署
        Online = 2, "ONLINE";
        /// 银行代收
        Bank = 3, "BANK";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_numbers_read_back() {
        for purpose in Purpose::ALL {
            assert_eq!(Purpose::from_code(purpose.code()), Some(*purpose));
            assert_eq!(Purpose::from_number(purpose.number()), Some(*purpose));
        }
        for category in Category::ALL {
            assert_eq!(Category::from_code(category.code()), Some(*category));
            assert_eq!(Category::from_number(category.number()), Some(*category));
        }
        assert_eq!((LegalBasis::from_number(0), Channel::from_number(4)), (None, None));
        assert_eq!(Category::from_code("SECRETS"), None);
    }
}
