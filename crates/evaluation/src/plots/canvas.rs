//! A page of marks in pixels, and its way to SVG and PNG.

use std::sync::LazyLock;

use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontDesc, FontFamily, FontStyle, IntoFont, RGBColor, TextStyle, register_font};

use crate::{EvaluationError, Plot, escape, visible};

/// Width of a page in pixels; pictures are shown at half of it.
pub(super) const WIDTH: i32 = 1800;
/// Height of a page in pixels.
pub(super) const HEIGHT: i32 = 1200;

/// Text, and what marks a result.
pub(super) const INK: RGBColor = RGBColor(31, 41, 55);
/// Secondary text.
pub(super) const GREY: RGBColor = RGBColor(100, 108, 122);
/// Grid lines.
pub(super) const GRID: RGBColor = RGBColor(226, 229, 234);
/// Paper.
pub(super) const PAPER: RGBColor = RGBColor(255, 255, 255);
/// Colours that stay apart for colour-blind readers (Okabe and Ito, 2008); blue for what is normal.
pub(super) const BLUE: RGBColor = RGBColor(0, 114, 178);
/// For what is anomalous.
pub(super) const VERMILION: RGBColor = RGBColor(213, 94, 0);
/// The third of the palette.
pub(super) const GREEN: RGBColor = RGBColor(0, 158, 115);
/// The palette, in the order of use.
pub(super) const PALETTE: [RGBColor; 7] = [
    BLUE,
    VERMILION,
    GREEN,
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(90, 90, 90),
];

/// A pixel, from the upper left corner.
pub(super) type Point = (i32, i32);

/// How text hangs on its point.
#[derive(Clone, Copy)]
pub(super) enum Align {
    Left,
    Centre,
    Right,
}

/// The shape of a marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    Dot,
    Ring,
    Square,
    Triangle,
    Diamond,
}

enum Mark {
    Path {
        points: Vec<Point>,
        colour: RGBColor,
        width: u32,
    },
    Rectangle {
        corners: [Point; 2],
        colour: RGBColor,
        opacity: f64,
    },
    Polygon {
        points: Vec<Point>,
        colour: RGBColor,
    },
    Circle {
        at: Point,
        radius: i32,
        colour: RGBColor,
    },
    Text {
        text: String,
        at: Point,
        size: i32,
        colour: RGBColor,
        align: Align,
    },
}

/// What is to be drawn, in its order. Each picture is composed once and then drawn by both backends.
#[derive(Default)]
pub(super) struct Page {
    marks: Vec<Mark>,
}

impl Page {
    /// A line through the points.
    pub(super) fn path(&mut self, points: &[Point], colour: RGBColor, width: u32) {
        // The rasteriser's corners go astray when points fall together.
        let mut apart: Vec<Point> = Vec::with_capacity(points.len());
        for &point in points {
            if apart
                .last()
                .is_none_or(|last| (last.0 - point.0).abs() + (last.1 - point.1).abs() > 2)
            {
                apart.push(point);
            }
        }
        if apart.len() > 1 {
            self.marks.push(Mark::Path {
                points: apart,
                colour,
                width,
            });
        }
    }

    /// A dashed line through the points.
    pub(super) fn dashed(&mut self, points: &[Point], colour: RGBColor, width: u32) {
        const DASH: f64 = 16.0;
        const GAP: f64 = 12.0;
        let mut dash = Vec::new();
        let mut travelled = 0.0;
        for pair in points.windows(2) {
            let [from, to] = [pair[0], pair[1]].map(|(x, y)| (f64::from(x), f64::from(y)));
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            let mut done = 0.0;
            while done < length {
                let phase = travelled % (DASH + GAP);
                let inked = phase < DASH;
                let rest = if inked { DASH - phase } else { DASH + GAP - phase };
                let next = (done + rest.max(0.01)).min(length);
                let at = |done: f64| {
                    let share = done / length;
                    (
                        (from.0 + (to.0 - from.0) * share).round() as i32,
                        (from.1 + (to.1 - from.1) * share).round() as i32,
                    )
                };
                if inked {
                    dash.extend([at(done), at(next)]);
                } else {
                    self.path(&std::mem::take(&mut dash), colour, width);
                }
                travelled += next - done;
                done = next;
            }
        }
        self.path(&dash, colour, width);
    }

    /// A filled rectangle.
    pub(super) fn rectangle(&mut self, corners: [Point; 2], colour: RGBColor, opacity: f64) {
        self.marks.push(Mark::Rectangle {
            corners,
            colour,
            opacity,
        });
    }

    /// A marker with a white rim.
    pub(super) fn symbol(&mut self, symbol: Symbol, at: Point, colour: RGBColor, radius: i32) {
        for (radius, colour) in [(radius + 4, PAPER), (radius, colour)] {
            match symbol {
                Symbol::Dot | Symbol::Ring => self.marks.push(Mark::Circle { at, radius, colour }),
                Symbol::Square => {
                    let side = radius * 9 / 10;
                    let corners = [(at.0 - side, at.1 - side), (at.0 + side, at.1 + side)];
                    self.rectangle(corners, colour, 1.0);
                }
                Symbol::Triangle => {
                    let base = radius * 7 / 10;
                    let points = vec![
                        (at.0, at.1 - radius),
                        (at.0 + radius, at.1 + base),
                        (at.0 - radius, at.1 + base),
                    ];
                    self.marks.push(Mark::Polygon { points, colour });
                }
                Symbol::Diamond => {
                    let (x, y) = at;
                    let points = vec![(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)];
                    self.marks.push(Mark::Polygon { points, colour });
                }
            }
        }
        if symbol == Symbol::Ring {
            self.marks.push(Mark::Circle {
                at,
                radius: radius * 55 / 100,
                colour: PAPER,
            });
        }
    }

    /// Text, centred vertically on its point.
    pub(super) fn text(&mut self, text: &str, at: Point, size: i32, colour: RGBColor, align: Align) {
        self.marks.push(Mark::Text {
            text: visible(text),
            at,
            size,
            colour,
            align,
        });
    }
}

/// Every font of the pictures is registered under this name, which browsers know as well.
const FAMILY: FontFamily<'static> = FontFamily::SansSerif;

static FONT_IS_REGISTERED: LazyLock<bool> =
    LazyLock::new(|| register_font(FAMILY.as_str(), FontStyle::Normal, dejavu::sans::regular()).is_ok());

/// Pixels between lines to the em: the unit of the drawing library's font sizes.
const LINE: f64 = 1.24;

fn font(size: i32) -> FontDesc<'static> {
    // Registered before the first use; a failure shows when the font is asked for.
    let _ = *FONT_IS_REGISTERED;
    (FAMILY, f64::from(size) * LINE).into_font()
}

/// Width of a text in pixels.
pub(super) fn text_width(text: &str, size: i32) -> i32 {
    font(size).box_size(&visible(text)).map_or(0, |(width, _)| width as i32)
}

/// Draws the page as SVG and as PNG.
pub(super) fn render(name: &'static str, title: String, page: &Page) -> Result<Plot, EvaluationError> {
    let drawing = |cause: String| EvaluationError::Drawing {
        plot: name.to_owned(),
        cause,
    };
    let size = (WIDTH as u32, HEIGHT as u32);
    let mut svg = String::new();
    draw(page, SVGBackend::with_string(&mut svg, size), 0.0).map_err(drawing)?;
    let mut pixels = vec![255; (WIDTH * HEIGHT * 3) as usize];
    draw(page, BitMapBackend::with_buffer(&mut pixels, size), BITMAP_DROP).map_err(drawing)?;
    let png = encode(&pixels, size).map_err(|error| drawing(error.to_string()))?;
    let svg = finish(&svg, &visible(&title));
    Ok(Plot { name, title, svg, png })
}

/// How far the bitmap backend hangs text too high, in parts of its size; the SVG backend centres it.
const BITMAP_DROP: f64 = 0.19;

fn draw<B: DrawingBackend>(page: &Page, mut backend: B, drop: f64) -> Result<(), String> {
    backend.ensure_prepared().map_err(|error| error.to_string())?;
    backend
        .draw_rect((0, 0), (WIDTH, HEIGHT), &PAPER.filled(), true)
        .map_err(|error| error.to_string())?;
    for mark in &page.marks {
        match mark {
            Mark::Path { points, colour, width } => {
                backend.draw_path(points.iter().copied(), &colour.stroke_width(*width))
            }
            Mark::Rectangle {
                corners: [from, to],
                colour,
                opacity,
            } => backend.draw_rect(*from, *to, &colour.mix(*opacity).filled(), true),
            Mark::Polygon { points, colour } => backend.fill_polygon(points.iter().copied(), &colour.filled()),
            Mark::Circle { at, radius, colour } => backend.draw_circle(*at, *radius as u32, &colour.filled(), true),
            Mark::Text {
                text,
                at,
                size,
                colour,
                align,
            } => {
                let horizontal = match align {
                    Align::Left => HPos::Left,
                    Align::Centre => HPos::Center,
                    Align::Right => HPos::Right,
                };
                let style = TextStyle::from(font(*size))
                    .color(colour)
                    .pos(Pos::new(horizontal, VPos::Center));
                backend.draw_text(text, &style, (at.0, at.1 + (f64::from(*size) * drop).round() as i32))
            }
        }
        .map_err(|error| error.to_string())?;
    }
    backend.present().map_err(|error| error.to_string())
}

/// Gives the picture its shown size and a name for those who cannot see it.
fn finish(svg: &str, title: &str) -> String {
    let size = format!("width=\"{WIDTH}\" height=\"{HEIGHT}\"");
    let shown = format!("width=\"{}\" height=\"{}\" role=\"img\"", WIDTH / 2, HEIGHT / 2);
    let svg = svg.replacen(&size, &shown, 1);
    svg.replacen(">\n", &format!(">\n<title>{}</title>\n", escape(title)), 1)
}

fn encode(pixels: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(pixels)?;
    Ok(bytes)
}
