/**
 * One unscented step (α = 1, β = κ = 0: pairs of points, no centre) of a model that copies, by the textbook: P itself, flat
 * arrays with a point's coordinates a row apart so that every product runs along memory, nothing checked. R = I.
 *
 * Cost: Cholesky factors of n twice and of m once, the products [D][D]ᵀ of n × 2n, m × 2n and n × 2n × m, one downdate.
 *
 * @param mean m, and `covariance` P, n × n row-major: moved in place.
 * @param noise Q.
 */
export function bareUnscented(
  mean: Float64Array,
  covariance: Float64Array,
  noise: Float64Array,
  outputs: number,
): (reading: Float64Array) => void {
  const n = mean.length;
  const root = new Float64Array(n * n);
  const points = new Float64Array(n * 2 * n);
  const images = new Float64Array(outputs * 2 * n);
  const inner = new Float64Array(outputs * outputs);
  const cross = new Float64Array(n * outputs);
  const innovation = new Float64Array(outputs);
  return (reading) => {
    factor(root, covariance, n);
    drawPoints(points, mean, root, n);
    deviations(mean, points, n);
    products(covariance, points, points, n, n, 2 * n, 1 / (2 * n));
    for (let index = 0; index < n * n; index++)
      covariance[index] = (covariance[index] as number) + (noise[index] as number);
    factor(root, covariance, n);
    drawPoints(points, mean, root, n);
    images.set(points.subarray(0, outputs * 2 * n));
    deviations(innovation, images, outputs);
    for (let row = 0; row < outputs; row++)
      innovation[row] = (reading[row] as number) - (innovation[row] as number);
    deviations(mean, points, n);
    products(inner, images, images, outputs, outputs, 2 * n, 1 / (2 * n));
    products(cross, points, images, n, outputs, 2 * n, 1 / (2 * n));
    for (let row = 0; row < outputs; row++)
      inner[row * outputs + row] = (inner[row * outputs + row] as number) + 1;
    factor(inner, inner, outputs);
    solve(mean, cross, inner, innovation, outputs);
    downdate(covariance, cross, n, outputs);
  };
}

function factor(l: Float64Array, a: Float64Array, n: number): void {
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = a[row * n + column] as number;
      for (let k = 0; k < column; k++) sum -= (l[row * n + k] as number) * (l[column * n + k] as number);
      l[row * n + column] = column === row ? Math.sqrt(sum) : sum / (l[column * n + column] as number);
    }
  }
}

/** m ± √n L_j in columns j and n + j. */
function drawPoints(points: Float64Array, mean: Float64Array, root: Float64Array, n: number): void {
  const scale = Math.sqrt(n);
  for (let row = 0; row < n; row++) {
    const centre = mean[row] as number;
    const start = row * 2 * n;
    points.fill(centre, start, start + 2 * n);
    for (let axis = 0; axis <= row; axis++) {
      const step = scale * (root[row * n + axis] as number);
      points[start + axis] = centre + step;
      points[start + n + axis] = centre - step;
    }
  }
}

/** Mean of each row, which is taken out of it. */
function deviations(mean: Float64Array, points: Float64Array, rows: number): void {
  const count = points.length / rows;
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let point = row * count; point < (row + 1) * count; point++) sum += points[point] as number;
    mean[row] = sum / count;
    for (let point = row * count; point < (row + 1) * count; point++)
      points[point] = (points[point] as number) - sum / count;
  }
}

/** out ← weight · A Bᵀ, r × c, two rows by two columns at a time; n and m are even here. */
function products(
  out: Float64Array,
  a: Float64Array,
  b: Float64Array,
  r: number,
  c: number,
  length: number,
  weight: number,
): void {
  for (let row = 0; row < r; row += 2) {
    for (let column = 0; column < (a === b ? row + 2 : c); column += 2) {
      let nw = 0;
      let ne = 0;
      let sw = 0;
      let se = 0;
      for (let k = 0; k < length; k++) {
        const top = a[row * length + k] as number;
        const bottom = a[(row + 1) * length + k] as number;
        const left = b[column * length + k] as number;
        const right = b[(column + 1) * length + k] as number;
        nw += top * left;
        ne += top * right;
        sw += bottom * left;
        se += bottom * right;
      }
      out[row * c + column] = weight * nw;
      out[row * c + column + 1] = weight * ne;
      out[(row + 1) * c + column] = weight * sw;
      out[(row + 1) * c + column + 1] = weight * se;
    }
  }
}

/** C ← W = C L⁻ᵀ and m ← m + W L⁻¹ v. */
function solve(
  mean: Float64Array,
  cross: Float64Array,
  l: Float64Array,
  innovation: Float64Array,
  m: number,
): void {
  for (let column = 0; column < m; column++) {
    const pivot = l[column * m + column] as number;
    let white = innovation[column] as number;
    for (let k = 0; k < column; k++) white -= (l[column * m + k] as number) * (innovation[k] as number);
    innovation[column] = white / pivot;
  }
  for (let row = 0; row < mean.length; row++) {
    for (let column = 0; column < m; column++) {
      let sum = cross[row * m + column] as number;
      for (let k = 0; k < column; k++) sum -= (l[column * m + k] as number) * (cross[row * m + k] as number);
      sum /= l[column * m + column] as number;
      cross[row * m + column] = sum;
      mean[row] = (mean[row] as number) + sum * (innovation[column] as number);
    }
  }
}

/** Lower triangle of P ← P − W Wᵀ: all that the next factor reads. */
function downdate(covariance: Float64Array, cross: Float64Array, n: number, m: number): void {
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = covariance[row * n + column] as number;
      for (let k = 0; k < m; k++) sum -= (cross[row * m + k] as number) * (cross[column * m + k] as number);
      covariance[row * n + column] = sum;
    }
  }
}
