//! What each statement costs the database, where `pg_stat_statements` is loaded (it costs something itself, so it is not
//! loaded by itself: `ZHIRONG_ENGINES_POSTGRES_SETTINGS="shared_preload_libraries = 'pg_stat_statements'"`).

use anyhow::Result;
use sqlx::PgPool;

/// Statements shown, those that cost most.
const SHOWN: i64 = 45;

/// Whether there is anything to show.
pub(super) struct Statements {
    kept: bool,
}

impl Statements {
    /// Begins counting anew.
    pub(super) async fn begin(pool: &PgPool) -> Result<Self> {
        let loaded: String = sqlx::query_scalar("SHOW shared_preload_libraries").fetch_one(pool).await?;
        let kept = loaded.contains("pg_stat_statements");
        if kept {
            sqlx::raw_sql(
                "CREATE EXTENSION IF NOT EXISTS pg_stat_statements; SELECT pg_stat_statements_reset()",
            )
            .execute(pool)
            .await?;
        }
        Ok(Self { kept })
    }

    pub(super) async fn print(&self, pool: &PgPool, cases: usize) -> Result<()> {
        if !self.kept {
            return Ok(());
        }
        let rows: Vec<(String, i64, f64, i64, i64, String)> = sqlx::query_as(
            "SELECT r.rolname::text, s.calls, s.total_exec_time + s.total_plan_time, s.rows,
                    s.shared_blks_hit + s.shared_blks_read, left(regexp_replace(s.query, '\\s+', ' ', 'g'), 110)
               FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
              ORDER BY 3 DESC LIMIT $1",
        )
        .bind(SHOWN)
        .fetch_all(pool)
        .await?;
        let each = |value: f64| value / cases as f64;
        println!(
            "\n每案语句 (statements, for each case)\n     calls  \u{b5}s       rows   pages  role        statement"
        );
        for (role, calls, milliseconds, rows, pages, text) in rows {
            println!(
                "    {:>6.2} {:>7.1} {:>7.1} {:>7.1}  {role:<11} {text}",
                each(calls as f64),
                each(1_000.0 * milliseconds),
                each(rows as f64),
                each(pages as f64)
            );
        }
        Self::print_rows(pool, cases).await
    }

    /// Since the database was made, applications of the loops before included.
    async fn print_rows(pool: &PgPool, cases: usize) -> Result<()> {
        let tables: Vec<(String, i64, i64, i64, i64)> = sqlx::query_as(
            "SELECT schemaname || '.' || relname, n_tup_ins, n_tup_upd, n_tup_hot_upd, n_tup_del
               FROM pg_stat_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > $1 ORDER BY 2 DESC",
        )
        .bind(i64::try_from(cases)? / 20)
        .fetch_all(pool)
        .await?;
        println!("\n  rows: inserted  updated  in place  deleted  table");
        for (table, inserted, updated, in_place, deleted) in tables {
            let each = |rows: i64| rows as f64 / cases as f64;
            println!(
                "        {:>8.2} {:>8.2} {:>9.2} {:>8.2}  {table}",
                each(inserted),
                each(updated),
                each(in_place),
                each(deleted)
            );
        }
        Ok(())
    }
}
