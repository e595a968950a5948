//! Tables as text, Markdown and HTML. What they hold is escaped here.

use evaluation::{escape, escape_markdown};

/// Cells as plain text; the first column names the row.
pub(super) struct Table {
    pub(super) head: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
    /// How many of the last columns hold words; the others but the first hold figures.
    pub(super) texts: usize,
}

impl Table {
    fn is_text(&self, column: usize) -> bool {
        column == 0 || column + self.texts >= self.head.len()
    }

    pub(super) fn text(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells.chain([self.head[column].chars().count()]).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let line = |cells: &[String]| {
            let padded =
                cells
                    .iter()
                    .zip(&widths)
                    .enumerate()
                    .map(|(column, (cell, &width))| match self.is_text(column) {
                        true => format!("{cell:<width$}"),
                        false => format!("{cell:>width$}"),
                    });
            padded.collect::<Vec<_>>().join("  ") + "\n"
        };
        let head: Vec<String> = self.head.iter().map(|&cell| cell.to_owned()).collect();
        line(&head) + &self.rows.iter().map(|row| line(row)).collect::<String>()
    }

    pub(super) fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let head = line(self.head.iter().map(|&cell| cell.to_owned()).collect());
        let rule = line(
            (0..self.head.len())
                .map(|column| if self.is_text(column) { "---" } else { "---:" }.to_owned())
                .collect(),
        );
        let rows = self.rows.iter();
        let rows = rows.map(|row| line(row.iter().map(|cell| escape_markdown(cell)).collect()));
        head + &rule + &rows.collect::<String>()
    }

    pub(super) fn html(&self) -> String {
        let class = |column: usize| match column > 0 && self.is_text(column) {
            true => " class=\"text\"",
            false => "",
        };
        let head: String = (0..)
            .zip(&self.head)
            .map(|(column, cell)| format!("<th scope=\"col\"{}>{cell}</th>", class(column)))
            .collect();
        let mut html = format!("<div class=\"wide\"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n");
        for row in &self.rows {
            html += "<tr>";
            for (column, cell) in row.iter().enumerate() {
                html += &match column {
                    0 => format!("<th scope=\"row\">{}</th>", escape(cell)),
                    _ => format!("<td{}>{}</td>", class(column), escape(cell)),
                };
            }
            html += "</tr>\n";
        }
        html + "</tbody></table></div>\n"
    }
}
