//! The tables against the contract's own text, so that neither can drift.

use std::collections::BTreeMap;

use super::*;
use crate::DocumentCode;

const CONTRACT: &str = include_str!("../../../../proto/zhirong/common/v1/codes.proto");

/// The values of one enum of the contract without the unspecified one: number to code.
fn contract_values(name: &str) -> BTreeMap<i32, String> {
    let mut prefix = String::new();
    for (index, letter) in name.char_indices() {
        if index > 0 && letter.is_ascii_uppercase() {
            prefix.push('_');
        }
        prefix.push(letter.to_ascii_uppercase());
    }
    prefix.push('_');
    let body = CONTRACT.split(&format!("enum {name} {{")).nth(1).unwrap().split('}').next().unwrap();
    body.lines()
        .filter_map(|line| line.split(';').next()?.split_once('='))
        .map(|(left, right)| {
            let code = left.trim().strip_prefix(&prefix).unwrap().to_owned();
            (right.trim().parse().unwrap(), code)
        })
        .filter(|(number, _)| *number != 0)
        .collect()
}

macro_rules! equals_contract {
    ($($test:ident: $table:ident),+ $(,)?) => {
        $(
            #[test]
            fn $test() {
                let ours: BTreeMap<i32, String> =
                    $table::ALL.iter().map(|value| (value.number(), value.code().to_owned())).collect();
                assert_eq!(ours, contract_values(stringify!($table)));
                for value in $table::ALL.iter().copied() {
                    assert_eq!($table::from_number(value.number()), Some(value));
                    assert_eq!($table::from_code(value.code()), Some(value));
                    assert_eq!(value.to_string(), value.code());
                    assert!(!value.chinese().is_empty());
                }
                for number in [0, -1, 50, 100, i32::MAX, i32::MIN] {
                    assert_eq!($table::from_number(number), None);
                }
                assert_eq!($table::from_code("UNSPECIFIED"), None);
                assert_eq!($table::from_code(""), None);
            }
        )+
    };
}

equals_contract! {
    ip_types_equal_the_contract: IpType,
    institution_roles_equal_the_contract: InstitutionRole,
    repayment_methods_equal_the_contract: RepaymentMethod,
    enhancement_modes_equal_the_contract: EnhancementMode,
    decline_reasons_equal_the_contract: DeclineReason,
    qualifications_equal_the_contract: Qualification,
    enterprise_sizes_equal_the_contract: EnterpriseSize,
    grades_equal_the_contract: Grade,
    rate_kinds_equal_the_contract: RateKind,
}

#[test]
fn every_enum_of_the_contract_has_a_table() {
    assert_eq!(CONTRACT.lines().filter(|line| line.starts_with("enum ")).count(), 9);
}

#[test]
fn document_codes_run_from_d01_to_d32() {
    assert_eq!(DocumentCode::ALL.len(), 32);
    for (index, document) in DocumentCode::ALL.iter().enumerate() {
        assert_eq!(document.code(), format!("D{:02}", index + 1));
        assert_eq!(document.number(), i32::try_from(index + 1).unwrap());
    }
}
