"""Tables of the parent service: enrollments, documents, appointments, and the students they are about."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from tenantable.data.repositories import Repository
from tenantable.declare.attributes import Attr, attr
from tenantable.declare.entities import Entity
from tenantable.declare.tables import Index, Table

EnrollmentStatus = Literal[
    "draft", "submitted", "waitlisted", "pending", "active", "completed", "withdrawn", "rejected"
]
PaymentStatus = Literal["paid", "pending", "overdue"]
DocumentType = Literal["medical", "legal", "identification"]
UploadStatus = Literal["uploading", "uploaded", "processing", "scanned", "failed"]
VerificationStatus = Literal["pending", "approved", "rejected", "expired"]
AppointmentType = Literal["consultation", "shadow_day", "assessment"]
AppointmentStatus = Literal["scheduled", "confirmed", "completed", "cancelled", "no_show"]

parent_enrollments_index = Index("parent-enrollments-index", partition="parent_email")
coach_enrollments_index = Index("coach-enrollments-index", partition="coach_id")
enrollments = Table(
    "tsa-parent-enrollments",
    parent_enrollments_index,
    coach_enrollments_index,
    partition="enrollment_id",
    stream=True,
    recovery=True,
)

enrollment_documents_index = Index("enrollment-documents-index", partition="enrollment_id")
parent_documents_index = Index("parent-documents-index", partition="parent_email")
verification_index = Index(
    "pending-verification-index",
    partition="verification_queue",
    sort="verification_order",
    accepted={"TD004": "a document stands here until a person has looked at it: some hundreds at a time"},
)
expiry_index = Index(
    "document-expiry-index",
    partition="expiry_queue",
    sort="expiry_order",
    accepted={"TD004": "only documents that run out stand here, and each is written once or twice"},
)
documents = Table(
    "tsa-parent-documents",
    enrollment_documents_index,
    parent_documents_index,
    verification_index,
    expiry_index,
    partition="document_id",
    recovery=True,
)

coach_schedule_index = Index("coach-schedule-index", partition="coach_id", sort="scheduled_date")
parent_appointments_index = Index("parent-appointments-index", partition="parent_email")
day_index = Index(
    "day-status-index",
    partition="day_status",
    sort="start_time",
    accepted={"TD006": "appointments are made for many days ahead, some hundreds for each"},
)
scheduling = Table(
    "tsa-parent-scheduling",
    coach_schedule_index,
    parent_appointments_index,
    day_index,
    partition="appointment_id",
    recovery=True,
)

school_students_index = Index("school-students-index", partition="school_id", sort="last_name")
students = Table("students", school_students_index, partition="student_unique_id", stream=True, recovery=True)


class Enrollment(Entity, table=enrollments):
    """
    A student's enrollment. `coach_name` is a copy that follows the coach's profile; `student_unique_id` is the
    student's Ed-Fi id once the enrollment is active; `student_age` follows from `birth_date`.
    """

    enrollment_id: Attr[str]
    parent_email: Attr[str]
    parent_id: Attr[str | None] = attr(default=None)
    student_name: Attr[str]
    student_age: Attr[int | None] = attr(default=None)
    birth_date: Attr[date | None] = attr(default=None)
    student_unique_id: Attr[str | None] = attr(default=None)
    sport: Attr[str]
    coach_id: Attr[str | None] = attr(default=None)
    coach_name: Attr[str | None] = attr(default=None)
    enrollment_status: Attr[EnrollmentStatus] = attr(default="pending")
    progress_milestones: Attr[Annotated[list[str], Field(max_length=100)]] = attr(default_factory=list)
    payment_status: Attr[PaymentStatus] = attr(default="pending")
    start_date: Attr[date | None] = attr(default=None)
    created_at: Attr[datetime]
    revision: Attr[int] = attr(default=0, lock=True)


class Document(Entity, table=documents):
    """
    A document of an enrollment. While it waits for verification `pending_since` puts it into the queue; `expires_on`
    puts it under the watch for documents that run out.
    """

    document_id: Attr[str]
    enrollment_id: Attr[str]
    parent_email: Attr[str]
    document_type: Attr[DocumentType]
    file_name: Attr[str]
    s3_key: Attr[str]
    file_size: Attr[int]
    upload_status: Attr[UploadStatus] = attr(default="uploading")
    verification_status: Attr[VerificationStatus] = attr(default="pending")
    verified_by: Attr[str | None] = attr(default=None)
    uploaded_at: Attr[datetime]
    verified_at: Attr[datetime | None] = attr(default=None)
    pending_since: Attr[datetime | None] = attr(default=None)
    expires_on: Attr[date | None] = attr(default=None)
    revision: Attr[int] = attr(default=0, lock=True)


class Appointment(Entity, table=scheduling):
    """
    An appointment of a parent with a coach. `start_time` and `end_time` are UTC, `scheduled_date` is the day in
    `time_zone`. `slot` names the coach and the start and can be taken once; cancelling sets it free with None.
    """

    appointment_id: Attr[str]
    coach_id: Attr[str]
    parent_email: Attr[str]
    student_name: Attr[str]
    appointment_type: Attr[AppointmentType]
    scheduled_date: Attr[date]
    start_time: Attr[datetime]
    end_time: Attr[datetime]
    time_zone: Attr[str]
    slot: Attr[str | None] = attr(default=None, unique=True)
    status: Attr[AppointmentStatus] = attr(default="scheduled")
    location: Attr[str | None] = attr(default=None)
    notes: Attr[str | None] = attr(default=None)
    confirmation_sent: Attr[bool] = attr(default=False)
    created_at: Attr[datetime]
    revision: Attr[int] = attr(default=0, lock=True)


class Student(Entity, table=students):
    """A student as the operational services see one; the record of education is PostgreSQL's."""

    student_unique_id: Attr[str]
    first_name: Attr[str]
    last_name: Attr[str]
    birth_date: Attr[date | None] = attr(default=None)
    grade_level: Attr[str | None] = attr(default=None)
    school_id: Attr[str | None] = attr(default=None)
    created_at: Attr[datetime]
    updated_at: Attr[datetime]
    revision: Attr[int] = attr(default=0, lock=True)


class Enrollments(Repository[Enrollment]):
    """Enrollments."""

    @Enrollment.key()
    def get(self, *, enrollment_id: str) -> None:
        """One enrollment."""

    @Enrollment.query(parent_enrollments_index)
    def of_parent(self, *, parent_email: str) -> None:
        """The enrollments of a parent."""

    @Enrollment.query(coach_enrollments_index)
    def of_coach(self, *, coach_id: str) -> None:
        """The enrollments with a coach."""


class Documents(Repository[Document]):
    """Documents of enrollments."""

    @Document.key()
    def get(self, *, document_id: str) -> None:
        """One document."""

    @Document.query(enrollment_documents_index)
    def of_enrollment(self, *, enrollment_id: str) -> None:
        """The documents of an enrollment."""

    @Document.query(parent_documents_index)
    def of_parent(self, *, parent_email: str) -> None:
        """The documents of a parent."""

    @Document.query(verification_index, pk="PENDING", sk="{pending_since}#{document_id}")
    def awaiting_verification(self) -> None:
        """The documents that nobody has verified yet, those that wait longest first."""

    @Document.query(expiry_index, pk="EXPIRING", sk="{expires_on}#{document_id}")
    def expiring(self) -> None:
        """The documents that run out, the first to do so first."""


class Appointments(Repository[Appointment]):
    """Appointments."""

    @Appointment.key()
    def get(self, *, appointment_id: str) -> None:
        """One appointment."""

    @Appointment.query(coach_schedule_index)
    def of_coach(self, *, coach_id: str, scheduled_date: date | None = None) -> None:
        """A coach's appointments by day, or those of one day."""

    @Appointment.query(parent_appointments_index)
    def of_parent(self, *, parent_email: str) -> None:
        """The appointments of a parent."""

    @Appointment.query(day_index, pk="{scheduled_date}#{status}")
    def of_day(self, *, scheduled_date: date, status: AppointmentStatus) -> None:
        """The appointments of a day in one state, by their start."""


class Students(Repository[Student]):
    """Students."""

    @Student.key()
    def get(self, *, student_unique_id: str) -> None:
        """One student."""

    @Student.query(school_students_index)
    def of_school(self, *, school_id: str) -> None:
        """The students of a school by last name."""
