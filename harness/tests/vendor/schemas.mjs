// Every REST response is judged: its status is declared for the operation, its
// headers and body fit the schemas of fixtures/schemas, and an error says the
// status and code that it is.
//
// The schemas are the project's own reading of the API. They require every
// property and allow no other, so a response cannot gain, lose or change a
// member unnoticed; schemas.test.mjs proves that of each property.
import { readFileSync, readdirSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';

const DIRECTORY = new URL('../../../fixtures/schemas/', import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(name, DIRECTORY), 'utf8'));

const table = read('operations.json');
export const { operations } = table;

export const schemas = new Map(readdirSync(DIRECTORY)
  .filter((name) => name.endsWith('.json') && name !== 'operations.json')
  .map((name) => [name.replace('.json', ''), read(name)]));

// Strict: a misspelt keyword in a schema would judge nothing. The schemas name
// properties that are judged elsewhere in the same schema, hence one exception.
const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false, strictTypes: false });
for (const [name, schema] of schemas) {
  ajv.addSchema(schema, `${name}.json`);
}

// What is wrong with `value`, one sentence each; empty when nothing is.
export function unfit(name, value) {
  const validate = ajv.getSchema(`${name}.json`);
  return validate(value) ? [] : validate.errors
    .map((error) => `${name}${error.instancePath}: ${error.message}`);
}

// Only the number of segments and the fixed words tell operations apart.
const routes = operations.map((operation) => ({
  operation,
  pattern: new RegExp(`^${operation.path.replace(/\{\w+\}/g, '[^/]+')}$`),
}));

export function operationOf(method, path) {
  return routes.find(({ operation, pattern }) =>
    operation.method === method.toUpperCase() && pattern.test(path))?.operation;
}

function errorFaults({ status, body }) {
  const faults = unfit('error', body);
  if (body?.status !== status) {
    faults.push(`error/status: is ${body?.status}, the response's is ${status}`);
  }
  if (body?.more_info !== `https://www.twilio.com/docs/errors/${body?.code}`) {
    faults.push(`error/more_info: names another code than ${body?.code}`);
  }
  return faults;
}

function successFaults(operation, { headers, body }) {
  if (operation.schema === null) {
    return body === undefined ? [] : ['body: there must be none'];
  }
  const faults = unfit(operation.schema, body);
  if (operation.headers === 'headers-etag' && headers.etag !== `"${body.revision}"`) {
    faults.push(`etag: ${headers.etag} for revision ${body.revision}`);
  }
  return faults;
}

// `response`: status, headers (names in lower case), body (parsed; undefined
// when there were no bytes). Answers the operation and all violations.
export function judge({ method, url, ...response }) {
  const operation = operationOf(method, new URL(url).pathname);
  if (operation === undefined) {
    return { operation, faults: [`${method} ${url}: no operation of the table`] };
  }
  const { status, headers } = response;
  const isSuccess = status === operation.status;
  if (!isSuccess && !operation.errors.includes(status)) {
    return { operation, faults: [`${operation.id}: status ${status} is not declared`] };
  }
  const wanted = isSuccess ? operation.headers : table.error_headers[status] ?? 'headers-json';
  const faults = unfit(wanted, headers)
    .concat(isSuccess ? successFaults(operation, response) : errorFaults(response));
  return { operation, faults: faults.map((fault) => `${operation.id} ${status}: ${fault}`) };
}
