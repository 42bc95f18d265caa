// A logistic regression over 20 numbers served by axum and serde_json, written by hand for this one model, as someone
// would who wants no more: one thread, a dot product, two forms of requests.
// usage: axum-peer PORT COEFFICIENTS; the file is JSON: {"intercept": number, "coefficients": [20 numbers]}
use std::sync::Arc;

use axum::{extract::State, routing::post, Json, Router};
use serde::{Deserialize, Serialize};

const FEATURES: usize = 20;

#[derive(Deserialize)]
struct Model {
    intercept: f64,
    coefficients: [f64; FEATURES],
}

impl Model {
    fn probability(&self, row: &[f64; FEATURES]) -> f64 {
        let products = self.coefficients.iter().zip(row).map(|(weight, value)| weight * value);
        1.0 / (1.0 + (-(self.intercept + products.sum::<f64>())).exp())
    }
}

/// Roost's form: the columns by their names.
#[derive(Deserialize)]
struct NamedRow {
    x0: f64,
    x1: f64,
    x2: f64,
    x3: f64,
    x4: f64,
    x5: f64,
    x6: f64,
    x7: f64,
    x8: f64,
    x9: f64,
    x10: f64,
    x11: f64,
    x12: f64,
    x13: f64,
    x14: f64,
    x15: f64,
    x16: f64,
    x17: f64,
    x18: f64,
    x19: f64,
}

impl NamedRow {
    fn values(&self) -> [f64; FEATURES] {
        [
            self.x0, self.x1, self.x2, self.x3, self.x4, self.x5, self.x6, self.x7, self.x8, self.x9, self.x10,
            self.x11, self.x12, self.x13, self.x14, self.x15, self.x16, self.x17, self.x18, self.x19,
        ]
    }
}

#[derive(Deserialize)]
struct NamedRows {
    rows: Vec<NamedRow>,
}

/// The form of most hand-written servers: numbers in their order.
#[derive(Deserialize)]
struct Instances {
    instances: Vec<[f64; FEATURES]>,
}

#[derive(Serialize)]
struct Score {
    probability: f64,
}

#[derive(Serialize)]
struct Scores {
    rows: Vec<Score>,
}

#[derive(Serialize)]
struct Predictions {
    predictions: Vec<f64>,
}

async fn score(State(model): State<Arc<Model>>, Json(row): Json<NamedRow>) -> Json<Score> {
    Json(Score { probability: model.probability(&row.values()) })
}

async fn score_rows(State(model): State<Arc<Model>>, Json(body): Json<NamedRows>) -> Json<Scores> {
    let score = |row: &NamedRow| Score { probability: model.probability(&row.values()) };
    Json(Scores { rows: body.rows.iter().map(score).collect() })
}

async fn predict(State(model): State<Arc<Model>>, Json(body): Json<Instances>) -> Json<Predictions> {
    Json(Predictions { predictions: body.instances.iter().map(|row| model.probability(row)).collect() })
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let words: Vec<String> = std::env::args().collect();
    let text = std::fs::read_to_string(&words[2]).expect("the coefficients");
    let model: Arc<Model> = Arc::new(serde_json::from_str(&text).expect("coefficients as JSON"));
    let routes = Router::new()
        .route("/score", post(score))
        .route("/score_rows", post(score_rows))
        .route("/predict", post(predict))
        .with_state(model);
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{}", words[1])).await.expect("the port");
    axum::serve(listener, routes.into_make_service()).await.expect("serving");
}
