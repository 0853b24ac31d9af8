"""The bare SQL beside each figure of the bench's casework part: the same rows, no session, page or permission."""

_SHORT = "id, ticket_number, status, title, urgency, region_code, created_at, next_due_at"
WAITING = (
    f"SELECT {_SHORT} FROM tickets WHERE status IN ('accepted', 'pre_audit', 'to_dispatch', 'reopened') "  # noqa: S608
    "ORDER BY urgency = 'emergency' DESC, next_due_at, created_at LIMIT 100"
)
OF_UNIT = (
    f"SELECT {_SHORT} FROM tickets WHERE lead_unit_code = :unit AND status IN ('signed', 'handling', "  # noqa: S608
    "'redo', 'suspended', 'extension_pending', 'return_pending') ORDER BY next_due_at LIMIT 100"
)
OF_AGENT = (
    f"SELECT {_SHORT} FROM tickets WHERE accepted_by = :agent AND next_due_at IS NOT NULL "  # noqa: S608
    "ORDER BY next_due_at LIMIT 100"
)
NEWEST = f"SELECT {_SHORT} FROM tickets ORDER BY created_at DESC, id DESC LIMIT 51"  # noqa: S608
NEWEST_OF_UNIT = f"SELECT {_SHORT} FROM tickets WHERE lead_unit_code = :unit ORDER BY created_at DESC, id DESC LIMIT 51"  # noqa: S608
SEARCH = (
    f"SELECT {_SHORT} FROM tickets WHERE hotline_bigrams(title || ' ' || address || ' ' || content) @> :pairs "  # noqa: S608
    "ORDER BY created_at DESC, id DESC LIMIT 51"
)
TICKET = (
    "SELECT * FROM tickets WHERE id = :id;SELECT * FROM ticket_history WHERE ticket_id = :id ORDER BY id;"
    "SELECT * FROM ticket_assignments WHERE ticket_id = :id"
)
CLOCKS = "SELECT * FROM ticket_clocks WHERE ticket_id = :id;SELECT * FROM supervisions WHERE ticket_id = :id"
ALIKE = (
    "SELECT o.id, o.title, o.address, o.content FROM tickets t JOIN tickets o "
    "ON o.region_code LIKE left(t.region_code, 6) || '%' AND o.subject_code LIKE left(t.subject_code, 4) || '%' "
    "AND o.created_at > t.created_at - interval '30 days' "
    "WHERE t.id = :id AND o.id <> t.id AND o.status NOT IN ('draft', 'archived', 'rejected', 'guided', 'terminated', "
    "'merged', 'finished', 'rated') ORDER BY o.created_at DESC LIMIT 300"
)
DUE = "SELECT count(*) FROM ticket_clocks WHERE stopped_at IS NULL AND paused_since IS NULL AND due_at < :now"
ALL_LATE = """
UPDATE ticket_clocks SET stopped_at = NULL, state = 'running', level = 0, from_level = 0, raised_at = NULL
WHERE kind = 'reply' AND stopped_at IS NOT NULL AND ticket_id % 10 < 3 AND NOT EXISTS (
    SELECT 1 FROM ticket_clocks o WHERE o.ticket_id = ticket_clocks.ticket_id AND o.kind = 'reply'
    AND o.id <> ticket_clocks.id)
"""
RATES = ";".join(
    (
        "SELECT count(*), count(answered_at) FROM calls WHERE queued_at IS NOT NULL AND NOT is_test "
        "AND same_as IS NULL AND arrived_at >= :begins AND arrived_at < :ends",
        "SELECT kind, count(*), count(*) FILTER (WHERE state = 'met' AND stopped_at <= due_at) FROM ticket_clocks "
        "WHERE kind IN ('sign', 'first_contact', 'reply') AND due_at >= :begins AND due_at < :ends GROUP BY kind",
        "SELECT count(*), count(*) FILTER (WHERE status = 'returned') FROM ticket_assignments "
        "WHERE kind = 'lead' AND assigned_at >= :begins AND assigned_at < :ends",
        "SELECT count(*), count(redone_at) FROM unit_replies WHERE approved_at >= :begins AND approved_at < :ends",
        "SELECT count(*), count(*) FILTER (WHERE status = 'answered') FROM follow_up_tasks "
        "WHERE opened_at >= :begins AND opened_at < :ends",
        "SELECT count(*), count(*) FILTER (WHERE is_solved), count(*) FILTER (WHERE satisfaction = 'satisfied') "
        "FROM follow_up_tasks WHERE status = 'answered' AND settled_at >= :begins AND settled_at < :ends",
    )
)
