//! A chart with two axes: what is on it, and how it is laid out.

use plotters::style::RGBColor;

use super::axis::Axis;
use super::canvas::{Align, GREY, GRID, HEIGHT, INK, Page, Point, Symbol, WIDTH, text_width};

const TITLE_SIZE: i32 = 46;
pub(super) const TEXT_SIZE: i32 = 32;
const MARGIN: i32 = 64;
const LINE_WIDTH: u32 = 5;

/// How a series is drawn.
pub(super) enum Shape {
    /// Joined by a line.
    Line,
    /// Joined by a dashed line.
    Dashed,
    /// Marked one by one.
    Points(Symbol),
    /// Bars from the axis up, each from its own x to the next one's; the last point only ends the bar before it.
    Bars,
    /// A line over the full height at the first point's x.
    Upright,
}

/// What is drawn in one colour, with a line in the legend if it has a name.
pub(super) struct Series {
    pub(super) name: String,
    pub(super) colour: RGBColor,
    pub(super) shape: Shape,
    /// Values on the two axes.
    pub(super) points: Vec<(f64, f64)>,
}

/// A chart with two axes.
pub(super) struct Chart {
    pub(super) name: &'static str,
    pub(super) title: String,
    /// A second line, smaller.
    pub(super) subtitle: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) series: Vec<Series>,
}

/// Where the data lies, in pixels.
struct Frame {
    left: i32,
    right: i32,
    top: i32,
    bottom: i32,
}

/// Draws the title and the line under it; gives the first free row below.
pub(super) fn heading(page: &mut Page, title: &str, subtitle: &str) -> i32 {
    page.text(title, (MARGIN, 66), TITLE_SIZE, INK, Align::Left);
    page.text(subtitle, (MARGIN, 132), TEXT_SIZE, GREY, Align::Left);
    194
}

impl Chart {
    /// Lays everything out.
    pub(super) fn compose(&self) -> Page {
        let mut page = Page::default();
        let row = heading(&mut page, &self.title, &self.subtitle);
        let row = self.legend(&mut page, row);
        let ticks = self.y.ticks();
        let widest = ticks
            .iter()
            .map(|(_, text)| text_width(text, TEXT_SIZE))
            .max()
            .unwrap_or(0);
        let frame = Frame {
            left: MARGIN + widest + 18,
            right: WIDTH - MARGIN,
            top: row + 58,
            bottom: HEIGHT - 136,
        };
        page.text(&self.y.label, (MARGIN, row + 8), TEXT_SIZE, GREY, Align::Left);
        self.grid(&mut page, &frame, &ticks);
        for series in &self.series {
            self.series(&mut page, &frame, series);
        }
        page
    }

    /// Sample and name of each named series, in rows; gives the first free row below.
    fn legend(&self, page: &mut Page, first: i32) -> i32 {
        let (mut x, mut y) = (MARGIN, first);
        for series in self.series.iter().filter(|series| !series.name.is_empty()) {
            let width = 62 + text_width(&series.name, TEXT_SIZE) + 44;
            if x + width > WIDTH && x > MARGIN {
                (x, y) = (MARGIN, y + 54);
            }
            let ends = [(x, y), (x + 46, y)];
            match series.shape {
                Shape::Line => page.path(&ends, series.colour, LINE_WIDTH + 2),
                Shape::Dashed => page.dashed(&ends, series.colour, LINE_WIDTH),
                Shape::Points(symbol) => page.symbol(symbol, (x + 23, y), series.colour, 15),
                Shape::Bars => page.rectangle([(x + 8, y - 14), (x + 38, y + 14)], series.colour, 0.6),
                Shape::Upright => page.dashed(&[(x + 23, y - 18), (x + 23, y + 18)], series.colour, 3),
            }
            page.text(&series.name, (x + 62, y), TEXT_SIZE, INK, Align::Left);
            x += width;
        }
        y + 62
    }

    fn grid(&self, page: &mut Page, frame: &Frame, ticks: &[(f64, String)]) {
        for (value, text) in ticks {
            let y = frame.y(self.y.place(*value));
            page.path(&[(frame.left, y), (frame.right, y)], GRID, 2);
            page.text(text, (frame.left - 18, y), TEXT_SIZE, GREY, Align::Right);
        }
        for (value, text) in self.x.ticks() {
            let x = frame.x(self.x.place(value));
            page.path(&[(x, frame.bottom), (x, frame.bottom + 10)], GREY, 2);
            page.text(&text, (x, frame.bottom + 38), TEXT_SIZE, GREY, Align::Centre);
        }
        page.path(&[(frame.left, frame.bottom), (frame.right, frame.bottom)], GREY, 2);
        let middle = (frame.left + frame.right) / 2;
        page.text(
            &self.x.label,
            (middle, frame.bottom + 94),
            TEXT_SIZE,
            GREY,
            Align::Centre,
        );
    }

    fn series(&self, page: &mut Page, frame: &Frame, series: &Series) {
        let at = |&(x, y): &(f64, f64)| -> Point { (frame.x(self.x.place(x)), frame.y(self.y.place(y))) };
        let points: Vec<Point> = series.points.iter().map(at).collect();
        match series.shape {
            Shape::Line => page.path(&points, series.colour, LINE_WIDTH),
            Shape::Dashed => page.dashed(&points, series.colour, LINE_WIDTH - 1),
            Shape::Points(symbol) => {
                for &point in &points {
                    page.symbol(symbol, point, series.colour, 14);
                }
            }
            Shape::Bars => {
                for pair in points.windows(2).filter(|pair| pair[0].1 < frame.bottom) {
                    let corners = [(pair[0].0 + 1, pair[0].1), (pair[1].0 - 1, frame.bottom)];
                    page.rectangle(corners, series.colour, 0.6);
                }
            }
            Shape::Upright => {
                if let Some(&(x, _)) = points.first() {
                    page.dashed(&[(x, frame.top), (x, frame.bottom)], series.colour, 3);
                }
            }
        }
    }
}

impl Frame {
    fn x(&self, place: f64) -> i32 {
        self.left + (f64::from(self.right - self.left) * place).round() as i32
    }

    fn y(&self, place: f64) -> i32 {
        self.bottom - (f64::from(self.bottom - self.top) * place).round() as i32
    }
}
