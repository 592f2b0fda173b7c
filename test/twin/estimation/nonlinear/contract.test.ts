import { describeFilter } from "../filter-contract.ts";
import { GAUSSIAN_FILTERS, gaussHermite } from "./filters.ts";

for (const [name, make] of GAUSSIAN_FILTERS) describeFilter(`the ${name} filter`, make);
describeFilter("the Gauss–Hermite filter", gaussHermite);
