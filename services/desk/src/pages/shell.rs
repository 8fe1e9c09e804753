//! What surrounds every page: mark, navigation by duty, who is there, log-out.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};

use crate::access::Person;
use crate::assets::{self, Assets};
use crate::domain::Pages;

/// The frame of a page.
pub(crate) struct Shell {
    pub(crate) title: String,
    /// Which entry of the navigation is marked.
    pub(crate) active: &'static str,
    pub(crate) person: String,
    pub(crate) duties: String,
    pub(crate) csrf: String,
    pub(crate) cases: bool,
    pub(crate) figures: bool,
    pub(crate) operations: bool,
    pub(crate) assets: &'static Assets,
}

impl Shell {
    pub(crate) fn of(person: &Person, title: &str, active: &'static str) -> Self {
        let account = &person.account;
        let sees = |pages: Pages| pages.open_to(&account.duties);
        Self {
            title: title.to_owned(),
            active,
            person: account.title.clone(),
            duties: account.duties.iter().map(|duty| duty.chinese()).collect::<Vec<_>>().join("、"),
            csrf: person.token.form_token(),
            cases: sees(Pages::Cases),
            figures: sees(Pages::Figures),
            operations: sees(Pages::Operations),
            assets: assets::paths(),
        }
    }
}

/// The template as an answer.
pub(crate) fn html(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
