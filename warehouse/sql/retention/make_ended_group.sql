-- Groups whose every member has ended.
-- Params: none. ended_line is a temporary table.
CREATE OR REPLACE TEMP TABLE ended_group AS
SELECT member.row_key
FROM ops.group_member AS member
LEFT JOIN ended_line ON member.line_id = ended_line.line_id
GROUP BY member.row_key
HAVING bool_and(ended_line.line_id IS NOT NULL);
