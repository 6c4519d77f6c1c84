import { Load } from '../load/load';
import { Strowger } from '../strowger';
export async function overload(strowger: Strowger, load: Load, core: number): Promise<string> { return Promise.resolve(`${String(core)}${typeof strowger}${typeof load}`); }
