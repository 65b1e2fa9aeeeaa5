export { MetricsScraper, type MetricsScraperOptions } from "./metrics-scraper.ts";
