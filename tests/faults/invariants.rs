//! What must hold at the end of a run, whatever was killed: each as one question to the books of all roles, which answers
//! with a line for every violation. Beside each a violation to be planted, so that the question itself is tested.

/// One thing that must hold.
pub(crate) struct Invariant {
    pub(crate) what: &'static str,
    /// One text for each violation.
    pub(crate) sql: &'static str,
    /// Makes a violation, with the triggers of append-only tables switched off; it is taken back.
    pub(crate) plant: &'static str,
}

pub(crate) const ALL: &[Invariant] = &[
    Invariant {
        what: "every case is in a final state or has a live deadline",
        sql: "SELECT c.case_no || ' is ' || c.state || ' without a live deadline' FROM intake.financing_case c
               WHERE c.state NOT IN ('DRAFT','REJECTED','WITHDRAWN','EXPIRED','APPROVED')
                 AND NOT EXISTS (SELECT FROM intake.deadline d WHERE d.case_id = c.id
                                  AND (d.due_at IS NULL OR d.due_at > now() - interval '30 seconds'))",
        plant: "UPDATE intake.financing_case SET state = 'COLLECTING' WHERE id = (
                    SELECT id FROM intake.financing_case c WHERE state = 'WITHDRAWN' AND submitted_at IS NOT NULL
                       AND NOT EXISTS (SELECT FROM intake.deadline d WHERE d.case_id = c.id) LIMIT 1)",
    },
    Invariant {
        what: "no leg goes on in a case that has ended, or in a round that is over",
        sql: "SELECT 'leg ' || l.id || ' is ' || l.state || ' in ' || c.case_no || ', which is ' || c.state
                FROM intake.leg l JOIN intake.financing_case c ON c.id = l.case_id
               WHERE (l.state IN ('CREATED','RECEIVED','REVIEWING','INFO_REQUESTED')
                      AND (c.state <> 'COLLECTING' OR l.round < c.round))
                  OR (l.state IN ('OFFERED','SELECTED','CONFIRMED') AND c.state IN ('WITHDRAWN','EXPIRED','REJECTED'))
                  OR (l.state = 'OFFERED' AND c.state = 'APPROVED')",
        plant: "UPDATE intake.leg SET state = 'RECEIVED' WHERE id = (
                    SELECT l.id FROM intake.leg l JOIN intake.financing_case c ON c.id = l.case_id
                     WHERE l.state = 'RELEASED' AND c.state = 'WITHDRAWN' LIMIT 1)",
    },
    Invariant {
        what: "no case has two chosen banks, and none that is approved lacks one",
        sql: "SELECT c.case_no || ' is ' || c.state || ' with ' || count(l.id) || ' chosen banks'
                FROM intake.financing_case c
                LEFT JOIN intake.leg l ON l.case_id = c.id AND l.role = 1 AND l.state IN ('SELECTED','CONFIRMED','FULFILLED')
               GROUP BY c.id HAVING count(l.id) > 1 OR (c.state IN ('SELECTED','APPROVED') AND count(l.id) = 0)",
        plant: "UPDATE intake.leg SET state = 'RELEASED' WHERE state = 'CONFIRMED' AND role = 1",
    },
    Invariant {
        what: "every version of a case has exactly one entry in its timeline",
        sql: "SELECT c.case_no || ' is at version ' || c.version || ' and has ' || count(e.version) || ' entries'
                FROM intake.financing_case c LEFT JOIN intake.case_entry e ON e.case_id = c.id
               GROUP BY c.id HAVING count(e.version) <> c.version OR max(e.version) <> c.version",
        plant: "DELETE FROM intake.case_entry WHERE version = 2",
    },
    Invariant {
        what: "no leg had two effects: its first answer counts once",
        sql: "SELECT 'leg ' || leg_id || ' was answered ' || count(*) || ' times' FROM intake.case_entry
               WHERE kind = 'LEG_ANSWERED' GROUP BY leg_id HAVING count(*) > 1",
        plant: "INSERT INTO intake.case_entry (case_id, version, at, kind, party, actor, leg_id, codes)
                SELECT case_id, version + 100000, at, kind, party, actor, leg_id, codes FROM intake.case_entry
                 WHERE kind = 'LEG_ANSWERED' LIMIT 1",
    },
    Invariant {
        what: "the roster of a round is as long as it was when it was dispatched",
        sql: "SELECT c.case_no || ' counts ' || c.legs_total || ' legs and has ' || count(l.id) FROM intake.financing_case c
                LEFT JOIN intake.leg l ON l.case_id = c.id AND l.round = c.round
               WHERE c.state IN ('COLLECTING','OFFERS_READY','SELECTED','APPROVED')
               GROUP BY c.id HAVING c.legs_total <> count(l.id)",
        plant: "UPDATE intake.financing_case SET legs_total = legs_total + 1 WHERE state IN ('OFFERS_READY','SELECTED','APPROVED')",
    },
    Invariant {
        what: "every leg is its institution's assignment, once, and both agree when it has ended",
        sql: "SELECT 'leg ' || l.id || ' is ' || l.state || ', its assignment ' || coalesce(a.state::text, 'is not there')
                FROM intake.leg l LEFT JOIN partner.assignment a ON a.assignment_id = l.id
               WHERE a.assignment_id IS NULL OR a.institution_id <> l.institution_id
                  OR (l.state IN ('RELEASED','TIMED_OUT') AND a.state <> 6)",
        plant: "UPDATE partner.assignment SET institution_id = gen_random_uuid() WHERE assignment_id = (SELECT id FROM intake.leg LIMIT 1)",
    },
    Invariant {
        what: "every answer that the gateway took was judged, exactly once",
        sql: "SELECT 'reply ' || r.reply_id || ' of kind ' || r.kind || ' has ' || count(e.event_id) || ' fates'
                FROM partner.reply r LEFT JOIN partner.event e ON e.reply_id = r.reply_id AND e.kind IN (4, 5, 7)
               WHERE r.kind <> 3 GROUP BY r.reply_id, r.kind HAVING count(e.event_id) <> 1",
        plant: "DELETE FROM partner.event WHERE event_id = (
                    SELECT e.event_id FROM partner.event e JOIN partner.reply r USING (reply_id) WHERE e.kind = 4 AND r.kind = 1 LIMIT 1)",
    },
    Invariant {
        what: "no offer that was accepted is lost, and what was late is kept as late",
        sql: "SELECT 'offer ' || r.reply_id || ' was told ' || e.kind || ' and is ' || coalesce('late: ' || o.late, 'gone')
                FROM partner.reply r JOIN partner.event e ON e.reply_id = r.reply_id AND e.kind IN (4, 5)
                LEFT JOIN intake.offer o ON o.reply_id = r.reply_id
               WHERE r.kind = 1 AND (o.reply_id IS NULL OR o.late <> (e.kind = 5))",
        plant: "DELETE FROM intake.offer WHERE reply_id = (SELECT reply_id FROM intake.offer WHERE NOT late LIMIT 1)",
    },
    Invariant {
        what: "no offer stands with another case, leg or institution",
        sql: "SELECT 'offer ' || o.reply_id || ' stands with another' FROM intake.offer o JOIN intake.leg l ON l.id = o.leg_id
                LEFT JOIN partner.reply r ON r.reply_id = o.reply_id
               WHERE o.case_id <> l.case_id OR r.reply_id IS NULL OR r.assignment_id <> o.leg_id OR r.institution_id <> l.institution_id
              UNION ALL
              SELECT 'leg ' || l.id || ' stands by the offer of another' FROM intake.leg l
                JOIN intake.offer o ON o.reply_id = l.standing_reply WHERE o.leg_id <> l.id",
        plant: "UPDATE intake.offer SET case_id = (SELECT id FROM intake.financing_case c WHERE c.id <> offer.case_id LIMIT 1)
                 WHERE reply_id = (SELECT reply_id FROM intake.offer LIMIT 1)",
    },
    Invariant {
        what: "nothing but compensation follows a withdrawal",
        sql: "SELECT c.case_no || ': ' || e.kind || ' after the withdrawal' FROM intake.case_entry w
                JOIN intake.case_entry e ON e.case_id = w.case_id AND e.version > w.version
                JOIN intake.financing_case c ON c.id = w.case_id
               WHERE w.kind = 'CASE_WITHDRAWN' AND e.kind NOT IN ('LEG_ANSWERED_LATE')
              UNION ALL
              SELECT s.kind || ' of case ' || s.aggregate_id || ' after its withdrawal' FROM faults.sent s
                JOIN intake.case_entry w ON w.case_id = s.aggregate_id AND w.kind = 'CASE_WITHDRAWN'
               WHERE s.schema = 'intake' AND s.aggregate_version > w.version
              UNION ALL
              SELECT s.kind || ' of leg ' || l.id || ' after the withdrawal of its case' FROM faults.sent s
                JOIN intake.leg l ON l.id = s.aggregate_id
                JOIN faults.sent w ON w.aggregate_id = l.case_id AND w.kind = 'intake.case-withdrawn.v1'
               WHERE s.kind IN ('intake.leg-issued.v1','intake.leg-selected.v1','intake.leg-unselected.v1') AND s.at > w.at",
        plant: "INSERT INTO intake.case_entry (case_id, version, at, kind, party, actor)
                SELECT case_id, version + 100000, at, 'CASE_SELECTED', party, actor FROM intake.case_entry
                 WHERE kind = 'CASE_WITHDRAWN' LIMIT 1",
    },
    Invariant {
        what: "every outbox row reached each of its inboxes, or the parked table",
        sql: "SELECT s.kind || ' ' || s.message_id || ' never reached ' || b.queue FROM faults.posted s
                JOIN faults.bound b ON b.kind = s.kind
               WHERE NOT EXISTS (SELECT FROM faults.taken t WHERE t.message_id = s.message_id AND t.queue = b.queue)",
        plant: "INSERT INTO faults.posted (schema, message_id, kind, aggregate_id, aggregate_version)
                SELECT schema, gen_random_uuid(), kind, aggregate_id, aggregate_version FROM faults.posted
                 WHERE kind = 'intake.leg-issued.v1' LIMIT 1",
    },
    Invariant {
        what: "nothing waits in an outbox or for another try",
        sql: "SELECT what FROM faults.waiting",
        plant: "INSERT INTO intake.outbox (message_id, kind, aggregate_id, aggregate_version, occurred_at, body)
                VALUES (gen_random_uuid(), 'intake.case-accepted.v1', gen_random_uuid(), 1, now(), '')",
    },
    Invariant {
        what: "statistics has taken each fact that was told, once",
        sql: "SELECT s.kind || ': ' || count(*) || ' told, ' || (SELECT count(*) FROM statistics.fact f WHERE f.type = s.kind) || ' taken'
                FROM faults.sent s JOIN faults.bound b ON b.kind = s.kind AND b.queue = 'statistics.facts.v1'
               GROUP BY s.kind HAVING count(*) <> (SELECT count(*) FROM statistics.fact f WHERE f.type = s.kind)",
        plant: "DELETE FROM statistics.fact WHERE message_id = (SELECT message_id FROM statistics.fact WHERE type LIKE 'intake.%' LIMIT 1)",
    },
];
