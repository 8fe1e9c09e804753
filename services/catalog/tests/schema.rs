//! The schema and the statements fit together, and the schema holds what the code promises.

use catalog::{ROLE, store};
use sqlx::{Executor as _, SqlSafeStr as _};
use testkit::ground;

const BANK: &str =
    "INSERT INTO institution VALUES (gen_random_uuid(), 'x', 'BANK', 'y', NULL, now(), 1, false)";
const DRAFT: &str =
    "INSERT INTO product (product_id, institution_id, state, newest_version, pending_version, pending_stage, pending_author,
        revision, created_at)
    SELECT gen_random_uuid(), institution_id, 'DRAFT', 1, 1, 'DRAFT', 'staff:x', 1, now() FROM institution";
const VERSION: &str = "INSERT INTO product_version SELECT product_id, 1, 'x', '{}', '{}', '{}', '{}', '{INVENTION}', 1, 1, 2, 1,
    2, 'FIXED', 1, 2, '{BULLET}', '{IP_ONLY}', NULL, now() FROM product";

#[tokio::test]
async fn every_statement_can_be_prepared_against_the_migrated_schema() {
    let ground = ground(&[&ROLE]).await;
    let mut conn = ground.pool(&ROLE).acquire().await.unwrap();
    let mut prepared = 0;
    for statement in store::statements() {
        if let Err(error) = (&mut *conn).prepare(statement.into_sql_str()).await {
            panic!("{statement}: {error}");
        }
        prepared += 1;
    }
    assert_eq!(prepared, 57, "all statements of the store are listed");
}

#[tokio::test]
async fn a_version_of_terms_is_never_changed_not_even_by_the_owner() {
    let ground = ground(&[&ROLE]).await;
    let owner = ground.owner_pool(&ROLE);
    for row in [BANK, DRAFT, VERSION] {
        sqlx::query(row).execute(&owner).await.unwrap();
    }
    for change in [
        "UPDATE product_version SET rate_min_bp = 1",
        "DELETE FROM product_version",
        "TRUNCATE product_version",
    ] {
        let error = sqlx::query(change).execute(&owner).await.unwrap_err();
        assert_eq!(
            error.as_database_error().unwrap().constraint(),
            Some("product_version_append_only"),
            "{change}"
        );
    }
}

#[tokio::test]
async fn published_rates_and_acts_on_products_are_never_changed_either() {
    let ground = ground(&[&ROLE]).await;
    let owner = ground.owner_pool(&ROLE);
    for (change, constraint) in [
        ("UPDATE lpr SET one_year_bp = 1", "lpr_append_only"),
        ("DELETE FROM lpr_confirmation", "lpr_append_only"),
        ("TRUNCATE product_act", "product_act_append_only"),
        ("DELETE FROM product_act", "product_act_append_only"),
    ] {
        let error = sqlx::query(change).execute(&owner).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().constraint(), Some(constraint), "{change}");
    }
}

#[tokio::test]
async fn rows_that_the_code_would_never_write_are_refused_by_a_named_check() {
    let ground = ground(&[&ROLE]).await;
    let pool = ground.pool(&ROLE);
    for row in [BANK, DRAFT] {
        sqlx::query(row).execute(&pool).await.unwrap();
    }
    for (row, constraint) in [
        (
            "INSERT INTO institution VALUES (gen_random_uuid(), 'z', 'SHOP', NULL, NULL, now(), 1, false)",
            "institution_role_known",
        ),
        (
            "INSERT INTO institution VALUES (gen_random_uuid(), 'z', 'INSURER', NULL, 'B0001S241000001', now(), 1, false)",
            "institution_licence_of_bank",
        ),
        ("UPDATE product SET state = 'PUBLISHED'", "product_published_when"),
        (
            "UPDATE product SET state = 'RETIRED', pending_version = NULL, pending_stage = NULL, pending_author = NULL",
            "product_retired_when",
        ),
        ("UPDATE product SET state = 'RETIRED'", "product_published_when"),
        ("UPDATE product SET newest_version = 0, pending_version = 0", "product_versions_count"),
        ("UPDATE product SET pending_version = 2", "product_pending_newest"),
        ("UPDATE product SET pending_author = NULL", "product_pending_whole"),
        ("UPDATE product SET pending_stage = 'SCHEDULED'", "product_pending_from_when"),
        ("UPDATE product SET suspended_at = now()", "product_suspended_when"),
        ("INSERT INTO duty_desk VALUES ('SAMR', NULL, '值班岗', '13800000000', '', '')", "duty_desk_switchboard_form"),
        ("INSERT INTO duty_desk VALUES (NULL, NULL, '值班岗', '', '', '')", "duty_desk_of_one"),
        (
            "INSERT INTO branch SELECT gen_random_uuid(), institution_id, 1, 'x', 'TECH_BRANCH', NULL, NULL, NULL, NULL
            FROM institution",
            "branch_tech_whole",
        ),
        (
            "INSERT INTO agreement VALUES (gen_random_uuid(), 'x', 'CREDIT', '{}', now(), '2023-01-02', '2023-01-01', NULL,
            '')",
            "agreement_valid_ordered",
        ),
        (
            "INSERT INTO xyd_publication SELECT product_id, 'SYNCED', 1, 1, NULL, 0, NULL, now(), now() FROM product",
            "xyd_publication_due_when",
        ),
        ("UPDATE product SET published_at = now()", "product_published_whole"),
        ("INSERT INTO shelf (sole, revision) VALUES (false, 1)", "shelf_one_row"),
    ] {
        let error = sqlx::query(row).execute(&pool).await.unwrap_err();
        assert_eq!(error.as_database_error().unwrap().constraint(), Some(constraint), "{row}");
    }
}
