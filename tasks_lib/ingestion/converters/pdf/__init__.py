"""PDF: from the drawing operators of a page to text in reading order, with tables, headings and pages."""
