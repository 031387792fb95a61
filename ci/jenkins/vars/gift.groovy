// A step of a shared library, whose path is ci/jenkins: it runs a verb of the `gift` on the agent's PATH.
//
//   gift 'test'
//   gift 'test', ['--filter', 'shop/prod'], report: 'gift.xml'
//   gift 'check', ['rendered.yaml'], unstable: true
//
//   report    a file for the report in JUnit's format, which Jenkins then shows
//   unstable  findings make the build unstable, and do not stop it
//
// The exit code is given back: 0 nothing is wrong, 1 findings. Whatever else went wrong stops the build.
def call(Map options = [:], String verb) {
    return call(options, verb, [])
}

def call(Map options = [:], String verb, List arguments) {
    List words = ['gift', verb]
    words.addAll(arguments)
    if (options.report) {
        words.addAll(['--format', 'junit'])
    }
    String line = ''
    for (word in words) {
        // Between single quotes a shell takes everything as it is.
        line += "'" + word.toString().replace("'", "'\\''") + "' "
    }
    if (options.report) {
        line += "> '" + options.report.toString().replace("'", "'\\''") + "'"
    }
    int code = sh(script: line, label: "gift ${verb}", returnStatus: true)
    if (options.report && code <= 3) {
        junit(testResults: options.report, allowEmptyResults: true)
    }
    if (code == 1 && options.unstable) {
        unstable("gift ${verb}: findings")
    } else if (code != 0) {
        error("gift ${verb} ended with exit code ${code}")
    }
    return code
}
