// The parts of two packages without types of their own that are used here.
declare module '0x' {
  /** Renders an existing .cpuprofile; resolves with the file URL of the page, written beside the profile. */
  export default function zeroEks(options: {
    argv: readonly string[]
    workingDir: string
    name: string
    title: string
    visualizeCpuProfile: string
  }): Promise<string>
}

declare module '@clinic/doctor' {
  export default class ClinicDoctor {
    /** `dest`: the folder for samples; `name`: of the folder in it, instead of the program's pid; interval in ms. */
    constructor(settings: { dest: string; name: string; sampleInterval: number })
    /** Runs a program until it ends by itself or by SIGINT. */
    collect(command: readonly string[], done: (error: Error | null, folder: string) => void): void
    visualize(folder: string, page: string, done: (error: Error | null | undefined) => void): void
  }
}
