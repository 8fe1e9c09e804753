//! What must hold of cover: the wave of insurers and guarantors, which another role keeps.

use crate::invariants::Invariant;

pub(crate) const COVER: &[Invariant] = &[
    Invariant {
        what: "no cover goes on when its case has ended",
        sql: "SELECT 'cover leg ' || l.id || ' is ' || l.state || ' in a case that is ' || c.state FROM insurance.cover_leg l
                JOIN insurance.cover_request r ON r.id = l.cover_id JOIN intake.financing_case c ON c.id = r.case_id
               WHERE c.state IN ('WITHDRAWN','EXPIRED','REJECTED')
                 AND l.state IN ('CREATED','RECEIVED','REVIEWING','INFO_REQUESTED','OFFERED','SELECTED','CONFIRMED')",
        plant: "UPDATE insurance.cover_leg SET state = 'RECEIVED' WHERE id = (
                    SELECT l.id FROM insurance.cover_leg l JOIN insurance.cover_request r ON r.id = l.cover_id
                      JOIN intake.financing_case c ON c.id = r.case_id
                     WHERE c.state = 'WITHDRAWN' AND l.state = 'RELEASED' LIMIT 1)",
    },
    Invariant {
        what: "of an approved case only the chosen cover goes on",
        sql: "SELECT 'cover leg ' || l.id || ' is ' || l.state || ' beside the choice of ' || c.case_no FROM insurance.cover_leg l
                JOIN insurance.cover_request r ON r.id = l.cover_id JOIN intake.financing_case c ON c.id = r.case_id
               WHERE c.state = 'APPROVED' AND l.state IN ('CREATED','RECEIVED','REVIEWING','OFFERED')",
        plant: "UPDATE insurance.cover_leg SET state = 'RECEIVED' WHERE id IN (
                    SELECT l.id FROM insurance.cover_leg l JOIN insurance.cover_request r ON r.id = l.cover_id
                      JOIN intake.financing_case c ON c.id = r.case_id 
                     WHERE c.state = 'APPROVED' AND l.state = 'RELEASED' LIMIT 1)",
    },
    Invariant {
        what: "a round of cover that collects has a live deadline",
        sql: "SELECT 'the cover of case ' || r.case_id || ' collects without a live deadline' FROM insurance.cover_request r
               WHERE r.state = 'COLLECTING' AND NOT EXISTS (SELECT FROM insurance.deadline d WHERE d.cover_id = r.id
                        AND (d.due_at IS NULL OR d.due_at > now() - interval '30 seconds'))",
        plant: "UPDATE insurance.cover_request SET state = 'COLLECTING', cause = NULL WHERE id = (
                    SELECT id FROM insurance.cover_request r WHERE state = 'RELEASED'
                       AND NOT EXISTS (SELECT FROM insurance.deadline d WHERE d.cover_id = r.id) LIMIT 1)",
    },
    Invariant {
        what: "every version of a round of cover has exactly one entry",
        sql: "SELECT 'the cover of case ' || r.case_id || ' is at version ' || r.version || ' and has ' || count(e.version) || ' entries'
                FROM insurance.cover_request r LEFT JOIN insurance.cover_entry e ON e.cover_id = r.id
               GROUP BY r.id HAVING count(e.version) <> r.version OR max(e.version) <> r.version",
        plant: "DELETE FROM insurance.cover_entry WHERE version = 1",
    },
    Invariant {
        what: "no leg of cover had two effects: its first answer counts once",
        sql: "SELECT 'cover leg ' || leg_id || ' was answered ' || count(*) || ' times' FROM insurance.cover_entry
               WHERE kind = 'LEG_ANSWERED' GROUP BY leg_id HAVING count(*) > 1",
        plant: "INSERT INTO insurance.cover_entry (cover_id, version, at, kind, actor, leg_id)
                SELECT cover_id, version + 100000, at, kind, actor, leg_id FROM insurance.cover_entry
                 WHERE kind = 'LEG_ANSWERED' LIMIT 1",
    },
    Invariant {
        what: "every leg of cover is its institution's assignment, once, and both agree when it has ended",
        sql: "SELECT 'cover leg ' || l.id || ' is ' || l.state || ', its assignment ' || coalesce(a.state::text, 'is not there')
                FROM insurance.cover_leg l LEFT JOIN partner.assignment a ON a.assignment_id = l.id
               WHERE a.assignment_id IS NULL OR a.institution_id <> l.institution_id
                  OR (l.state IN ('RELEASED','TIMED_OUT') AND a.state <> 6)",
        plant: "UPDATE partner.assignment SET institution_id = gen_random_uuid()
                 WHERE assignment_id = (SELECT id FROM insurance.cover_leg LIMIT 1)",
    },
    Invariant {
        what: "no quote or commitment that was accepted is lost, and what was late is kept as late",
        sql: "SELECT 'quote ' || r.reply_id || ' was told ' || e.kind || ' and is ' || coalesce('late: ' || q.late, 'gone')
                FROM partner.reply r JOIN partner.event e ON e.reply_id = r.reply_id AND e.kind IN (4, 5)
                LEFT JOIN insurance.cover_quote q ON q.reply_id = r.reply_id
               WHERE r.kind IN (5, 6) AND (q.reply_id IS NULL OR q.late <> (e.kind = 5))",
        plant: "DELETE FROM insurance.cover_quote WHERE NOT late",
    },
    Invariant {
        what: "no valuation that was accepted is lost, and what was late is kept as late",
        sql: "SELECT 'valuation ' || r.reply_id || ' was told ' || e.kind || ' and is ' || coalesce('late: ' || v.late, 'gone')
                FROM partner.reply r JOIN partner.event e ON e.reply_id = r.reply_id AND e.kind IN (4, 5)
                LEFT JOIN intake.valuation v ON v.reply_id = r.reply_id
               WHERE r.kind = 4 AND (v.reply_id IS NULL OR v.late <> (e.kind = 5))",
        plant: "DELETE FROM intake.valuation WHERE NOT late",
    },
    Invariant {
        what: "no quote stands with another case, leg or institution",
        sql: "SELECT 'cover option ' || o.leg_id || ' stands with another' FROM intake.cover_option o
                LEFT JOIN insurance.cover_leg l ON l.id = o.leg_id LEFT JOIN insurance.cover_request r ON r.id = l.cover_id
               WHERE l.id IS NULL OR r.case_id <> o.case_id OR r.round <> o.round OR l.institution_id <> o.institution_id",
        plant: "UPDATE intake.cover_option SET institution_id = gen_random_uuid()",
    },
    Invariant {
        what: "a choice names one bank, one cover and one evaluator of its own case",
        sql: "SELECT c.case_no || ' has ' || count(l.id) || ' chosen evaluators' FROM intake.financing_case c
                JOIN intake.leg l ON l.case_id = c.id AND l.role = 5 AND l.state = 'SELECTED'
               GROUP BY c.id HAVING count(l.id) > 1
              UNION ALL
              SELECT c.case_no || ' has ' || count(l.id) || ' chosen covers' FROM intake.financing_case c
                JOIN insurance.cover_request r ON r.case_id = c.id
                JOIN insurance.cover_leg l ON l.cover_id = r.id AND l.state IN ('SELECTED','CONFIRMED')
               GROUP BY c.id HAVING count(l.id) > 1",
        plant: "UPDATE intake.leg SET state = 'SELECTED', decline_reason = NULL WHERE role = 5",
    },
    Invariant {
        what: "no cover is held or bound but the one that its case has chosen",
        sql: "SELECT 'cover leg ' || l.id || ' is ' || l.state || ' in a round that is ' || r.state || ', and ' || c.case_no || ', which is '
                     || c.state || ', has chosen ' || coalesce(c.choice->>'cover', 'none')
                FROM insurance.cover_leg l JOIN insurance.cover_request r ON r.id = l.cover_id
                JOIN intake.financing_case c ON c.id = r.case_id
               WHERE l.state IN ('SELECTED','CONFIRMED')
                 AND (c.state NOT IN ('SELECTED','APPROVED') OR c.choice->>'cover' IS DISTINCT FROM l.id::text
                      OR (l.state = 'CONFIRMED') <> (c.choice->>'cover_bound')::boolean
                      OR r.chosen_leg IS DISTINCT FROM l.id OR r.state <> CASE l.state WHEN 'SELECTED' THEN 'HELD' ELSE 'BOUND' END)",
        plant: "UPDATE intake.financing_case SET choice = jsonb_set(choice, '{cover}', to_jsonb(gen_random_uuid()::text))
                 WHERE id = (SELECT r.case_id FROM insurance.cover_request r WHERE r.state IN ('HELD','BOUND') LIMIT 1)",
    },
    Invariant {
        what: "the cover that a case has chosen is held or bound for it",
        // Lost after the bank's approval, it stays in the choice: a person must act.
        sql: "SELECT c.case_no || ' is ' || c.state || ' with cover leg ' || (c.choice->>'cover') || ', which is ' || coalesce(l.state, 'not there')
                FROM intake.financing_case c
                LEFT JOIN insurance.cover_leg l ON l.id::text = c.choice->>'cover'
                LEFT JOIN insurance.cover_request r ON r.id = l.cover_id AND r.case_id = c.id AND r.chosen_leg = l.id
               WHERE c.state IN ('SELECTED','APPROVED') AND c.choice->>'cover' IS NOT NULL
                 AND (r.id IS NULL OR l.state NOT IN ('SELECTED','CONFIRMED'))
                 AND NOT EXISTS (SELECT FROM intake.case_entry e WHERE e.case_id = c.id AND e.kind = 'COVER_LOST')",
        plant: "UPDATE insurance.cover_request SET chosen_leg = gen_random_uuid() WHERE id = (
                    SELECT id FROM insurance.cover_request WHERE state IN ('HELD','BOUND') LIMIT 1)",
    },
];
