//! The pages: each file asks the other roles, turns the answers into what its template shows, and does the page's forms.

pub(crate) mod acts;
pub(crate) mod apply;
mod apply_form;
pub(crate) mod board;
pub(crate) mod case;
pub(crate) mod cases;
mod charts;
mod fields;
pub(crate) mod figures;
pub(crate) mod home;
pub(crate) mod offers;
pub(crate) mod operations;
pub(crate) mod select;
mod shell;
pub(crate) mod tasks;
mod trouble;

pub(crate) use fields::Fields;
pub(crate) use shell::{Shell, html};
pub(crate) use trouble::{Refusal, Trouble};
