//! No answer that was accepted is lost: for each kind that an institution can give, what it brought about. Offers, quotes
//! and valuations have rows of their own, which are held to the replies in `invariants` and `cover`.

use crate::invariants::Invariant;

pub(crate) const ANSWERS: &[Invariant] = &[
    Invariant {
        what: "every refusal to answer that was accepted has declined its leg",
        sql: "SELECT 'decline ' || r.reply_id || ' was accepted and its leg is ' || coalesce(l.state, k.state, 'gone')
                FROM partner.reply r JOIN partner.event e ON e.reply_id = r.reply_id AND e.kind = 4
                LEFT JOIN intake.leg l ON l.id = r.assignment_id LEFT JOIN insurance.cover_leg k ON k.id = r.assignment_id
               WHERE r.kind = 2 AND coalesce(l.state, k.state, '') <> 'DECLINED'",
        // Accepted offers, as if they had been refusals.
        plant: "UPDATE partner.reply SET kind = 2, offer_seq = NULL WHERE reply_id = (
                    SELECT r.reply_id FROM partner.reply r JOIN partner.event e ON e.reply_id = r.reply_id AND e.kind = 4
                     WHERE r.kind = 1 LIMIT 1)",
    },
    Invariant {
        what: "every answer taken back that was accepted does not stand any more",
        sql: "SELECT 'taking back ' || r.reply_id || ' was accepted and its leg is ' || coalesce(l.state, k.state, 'gone')
                FROM partner.reply r JOIN partner.event e ON e.reply_id = r.reply_id AND e.kind = 4
                LEFT JOIN intake.leg l ON l.id = r.assignment_id LEFT JOIN insurance.cover_leg k ON k.id = r.assignment_id
               WHERE r.kind = 7 AND coalesce(l.state, k.state, '') NOT IN ('WITHDRAWN_BY_INST', 'EXPIRED')",
        plant: "UPDATE partner.reply SET kind = 7, offer_seq = NULL WHERE reply_id = (
                    SELECT r.reply_id FROM partner.reply r JOIN partner.event e ON e.reply_id = r.reply_id AND e.kind = 4
                     WHERE r.kind = 2 LIMIT 1)",
    },
    Invariant {
        what: "every approval that was accepted is its case's, and stored",
        sql: "SELECT 'approval ' || r.reply_id || ' of ' || coalesce(c.case_no, 'no case') || ' was accepted and is gone'
                FROM partner.reply r JOIN partner.event e ON e.reply_id = r.reply_id AND e.kind = 4
                LEFT JOIN intake.leg l ON l.id = r.assignment_id LEFT JOIN intake.financing_case c ON c.id = l.case_id
               WHERE r.kind = 8 AND (c.approval IS NULL OR c.choice->>'bank' IS DISTINCT FROM l.id::text
                  OR NOT EXISTS (SELECT FROM intake.case_entry n WHERE n.case_id = c.id AND n.kind = 'CASE_APPROVED'
                                    AND n.actor = 'institution:' || r.institution_id))",
        plant: "UPDATE partner.reply SET kind = 8, offer_seq = NULL WHERE reply_id = (
                    SELECT r.reply_id FROM partner.reply r JOIN partner.event e ON e.reply_id = r.reply_id AND e.kind = 4
                     WHERE r.kind = 2 LIMIT 1)",
    },
    Invariant {
        what: "every confirmation that was accepted engaged its evaluator or bound its cover",
        sql: "SELECT 'confirmation ' || r.reply_id || ' was accepted and is gone'
                FROM partner.reply r JOIN partner.event e ON e.reply_id = r.reply_id AND e.kind = 4
               WHERE r.kind = 9
                 AND NOT EXISTS (SELECT FROM intake.case_entry n WHERE n.leg_id = r.assignment_id
                                    AND n.kind IN ('EVALUATOR_ENGAGED', 'REPORT_DELIVERED'))
                 AND NOT EXISTS (SELECT FROM insurance.cover_entry n WHERE n.leg_id = r.assignment_id AND n.kind = 'COVER_BOUND')",
        plant: "UPDATE partner.reply SET kind = 9, offer_seq = NULL WHERE reply_id = (
                    SELECT r.reply_id FROM partner.reply r JOIN partner.event e ON e.reply_id = r.reply_id AND e.kind = 4
                     WHERE r.kind = 2 LIMIT 1)",
    },
    Invariant {
        what: "every refusal of a choice that was accepted has undone the choice",
        sql: "SELECT 'refusal ' || r.reply_id || ' was accepted and is gone'
                FROM partner.reply r JOIN partner.event e ON e.reply_id = r.reply_id AND e.kind = 4
               WHERE r.kind = 10
                 AND NOT EXISTS (SELECT FROM intake.case_entry n WHERE n.leg_id = r.assignment_id
                                    AND (n.kind = 'EVALUATOR_LOST' OR (n.kind = 'CASE_REOPENED' AND 'BANK_DECLINED' = ANY (n.codes))))
                 AND NOT EXISTS (SELECT FROM insurance.cover_entry n WHERE n.leg_id = r.assignment_id AND n.kind = 'COVER_REFUSED')",
        plant: "UPDATE partner.reply SET kind = 10, offer_seq = NULL WHERE reply_id = (
                    SELECT r.reply_id FROM partner.reply r JOIN partner.event e ON e.reply_id = r.reply_id AND e.kind = 4
                     WHERE r.kind = 2 LIMIT 1)",
    },
    Invariant {
        what: "every valuation report that was accepted is there",
        sql: "SELECT 'report ' || r.reply_id || ' was accepted and is gone'
                FROM partner.reply r JOIN partner.event e ON e.reply_id = r.reply_id AND e.kind = 4
                LEFT JOIN intake.valuation_report v ON v.reply_id = r.reply_id AND v.leg_id = r.assignment_id
               WHERE r.kind = 11 AND v.reply_id IS NULL",
        plant: "UPDATE partner.reply SET kind = 11, offer_seq = NULL WHERE reply_id = (
                    SELECT r.reply_id FROM partner.reply r JOIN partner.event e ON e.reply_id = r.reply_id AND e.kind = 4
                     WHERE r.kind = 2 LIMIT 1)",
    },
    Invariant {
        what: "every refusal, approval and confirmation that was late is kept as late",
        sql: "SELECT 'reply ' || r.reply_id || ' of kind ' || r.kind || ' was late and is gone'
                FROM partner.reply r JOIN partner.event e ON e.reply_id = r.reply_id AND e.kind = 5
               WHERE r.kind IN (2, 8, 9)
                 AND NOT EXISTS (SELECT FROM intake.case_entry n WHERE n.leg_id = r.assignment_id AND n.kind = 'LEG_ANSWERED_LATE')
                 AND NOT EXISTS (SELECT FROM insurance.cover_entry n WHERE n.leg_id = r.assignment_id
                                    AND n.kind IN ('LEG_ANSWERED_LATE', 'LEG_CONFIRMED_LATE'))",
        plant: "UPDATE partner.event SET kind = 5 WHERE event_id = (
                    SELECT e.event_id FROM partner.event e JOIN partner.reply r ON r.reply_id = e.reply_id
                     WHERE e.kind = 4 AND r.kind = 2
                       AND NOT EXISTS (SELECT FROM intake.case_entry n WHERE n.leg_id = r.assignment_id AND n.kind LIKE '%LATE')
                       AND NOT EXISTS (SELECT FROM insurance.cover_entry n WHERE n.leg_id = r.assignment_id AND n.kind LIKE '%LATE')
                     LIMIT 1)",
    },
];
