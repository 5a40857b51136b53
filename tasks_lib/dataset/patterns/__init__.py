"""Questions by patterns: tables, parameters, headings and sentences that have the shape of a question's answer."""
