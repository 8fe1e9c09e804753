//! What a new password must be.

/// Fewer characters are refused.
const SHORTEST: usize = 12;
/// More are refused: hashing takes time.
const LONGEST: usize = 128;

/// Why a new password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    #[error("新密码至少 12 个字符，请加长后重新提交。")]
    TooShort,
    #[error("新密码不能超过 128 个字符，请缩短后重新提交。")]
    TooLong,
    #[error("新密码不能包含账号名，请换一个后重新提交。")]
    HoldsLogin,
    #[error("新密码过于单一，请混合使用不同的字符后重新提交。")]
    TooPlain,
    #[error("新密码与当前密码相同，请换一个后重新提交。")]
    Same,
    #[error("两次输入的新密码不一致，请重新输入。")]
    NotRepeated,
}

/// Checks a new password against the login name, the present password and its repetition.
///
/// # Errors
/// The first rule that is broken.
pub fn check_new(login: &str, present: &str, new: &str, repeated: &str) -> Result<(), PasswordError> {
    let length = new.chars().count();
    let mut different: Vec<char> = new.chars().collect();
    different.sort_unstable();
    different.dedup();
    if length < SHORTEST {
        Err(PasswordError::TooShort)
    } else if length > LONGEST {
        Err(PasswordError::TooLong)
    } else if new.to_lowercase().contains(login) {
        Err(PasswordError::HoldsLogin)
    } else if different.len() < 5 {
        Err(PasswordError::TooPlain)
    } else if new == present {
        Err(PasswordError::Same)
    } else if new != repeated {
        Err(PasswordError::NotRepeated)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_refuses_its_own() {
        let good = "梅雪 争春 未肯 降 2026";
        let table = [
            (good, good, Ok(())),
            ("short", "short", Err(PasswordError::TooShort)),
            ("Clerk1-and-more", "Clerk1-and-more", Err(PasswordError::HoldsLogin)),
            ("aaaabbbbaaaa", "aaaabbbbaaaa", Err(PasswordError::TooPlain)),
            ("the present one", "the present one", Err(PasswordError::Same)),
            (good, "another one", Err(PasswordError::NotRepeated)),
        ];
        for (new, repeated, outcome) in table {
            assert_eq!(check_new("clerk1", "the present one", new, repeated), outcome, "{new}");
        }
        assert_eq!(check_new("x", "", &"ab1cd".repeat(30), ""), Err(PasswordError::TooLong));
    }
}
