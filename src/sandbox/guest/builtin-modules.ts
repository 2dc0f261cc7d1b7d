/** Removes modules from the interpreter's table of built-in modules: `_imp.create_builtin` creates them without an audit event. */
import type { Held, PythonCalls } from './python-calls';

/** An entry of the table consists of the addresses of a name and of a function. */
const ENTRY_BYTES = 8;

export function removeBuiltinModules(calls: PythonCalls, names: readonly string[]): void {
  const { exports } = calls;
  const { buffer } = exports.memory as WebAssembly.Memory;
  const [view, bytes] = [new DataView(buffer), new Uint8Array(buffer)];
  const tableAddress = (exports.PyImport_Inittab as { value: number }).value;
  for (let entry = view.getUint32(tableAddress, true); ; entry += ENTRY_BYTES) {
    const name = view.getUint32(entry, true);
    if (name === 0) break;
    // the interpreter's own copy of the table refers to the same name; an empty name is never looked up
    if (names.includes(readName(bytes, name))) bytes[name] = 0;
  }
  const forget = exports._PyImport_ClearExtension as (name: Held, file: Held) => number;
  for (const name of names) {
    const held = calls.holdText(name);
    forget(held, held);
  }
}

function readName(bytes: Uint8Array, address: number): string {
  return new TextDecoder().decode(bytes.subarray(address, bytes.indexOf(0, address)));
}
