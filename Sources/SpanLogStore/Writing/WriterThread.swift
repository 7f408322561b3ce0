import Glibc

/// A thread of the system that runs a body until it returns.
///
/// The pool of Swift's concurrency is not used: a service may keep it busy, and what the recorder
/// must write would then wait for the service.
package struct WriterThread: Sendable {
    /// What a thread is handed.
    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    /// - Throws: ``StoreError`` if the system has no thread left.
    package init(_ body: @escaping @Sendable () -> Void) throws(StoreError) {
        var thread = pthread_t()
        let argument = unsafe Unmanaged.passRetained(Work(body)).toOpaque()
        // SAFETY: the new thread takes over the reference, and gives it up when it ends.
        let code = unsafe pthread_create(
            &thread, nil,
            { argument in
                WriterThread.blockSignals()
                unsafe Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue().body()
                return nil
            }, argument)
        guard code == 0 else {
            unsafe Unmanaged<Work>.fromOpaque(argument).release()
            throw StoreError(
                .writeFailed,
                "Cannot start the recorder's thread: raise the limit of threads (ulimit -u).",
                cause: SystemError(number: code))
        }
        pthread_detach(thread)
    }

    /// Leaves all signals to the threads of the service, whose handlers expect them there.
    private static func blockSignals() {
        var all = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_BLOCK, &all, nil)
    }
}
