export declare const NAMES: string[];
export declare const SUITES: string[];
export declare function isNamed(names: string[], suite: string): boolean;
export declare function listFiles(group: 'unit' | 'servers' | 'alone'): string[];
export declare function findRank(file: string): number;
